module github.com/fitout-dev/fitout/testdata/corefile-oracle

go 1.26.0

require (
	github.com/coredns/corefile-migration v1.0.36
	github.com/fitout-dev/fitout v0.0.0-00010101000000-000000000000
)

require (
	github.com/coredns/caddy v1.1.1 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	k8s.io/apimachinery v0.37.2 // indirect
)

replace github.com/fitout-dev/fitout => ../..
