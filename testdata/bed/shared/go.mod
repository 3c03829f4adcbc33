module github.com/fitout-dev/fitout/testdata/bed/shared

go 1.16
