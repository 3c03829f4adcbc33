module github.com/fitout-dev/fitout/testdata/bed/oldapi

go 1.16

require (
	github.com/go-openapi/spec v0.19.3
	k8s.io/kube-openapi v0.0.0-20200121204235-bf4fb3bd569c
)
