package bed

import "testing"

const upstream118 = `module k8s.io/kubernetes

go 1.13

require (
	k8s.io/api v0.0.0
)

replace (
	github.com/modern-go/reflect2 => github.com/modern-go/reflect2 v1.0.1
	golang.org/x/sys => golang.org/x/sys v0.0.1 // pinned to release-branch.go1.13
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/kubernetes => ../kubernetes
	vbom.ml/util => vbom.ml/util v0.0.0-20160121211510-db5cfe13f5cc
)
`

func TestKubeGoModOld(t *testing.T) {
	const want = `module github.com/fitout-dev/fitout/testdata/bed/kube-1.18

go 1.16

require (
	github.com/fitout-dev/fitout/testdata/bed/oldapi v0.0.0
	github.com/fitout-dev/fitout/testdata/bed/shared v0.0.0
	k8s.io/kubernetes v1.18.2
)

replace (
	github.com/fitout-dev/fitout/testdata/bed/oldapi => ../oldapi
	github.com/fitout-dev/fitout/testdata/bed/shared => ../shared
	github.com/modern-go/reflect2 => github.com/modern-go/reflect2 v1.0.2
	golang.org/x/sys => golang.org/x/sys v0.0.1
	k8s.io/api => k8s.io/api v0.18.2
	vbom.ml/util => github.com/fvbommel/util v0.0.0-20160121211510-db5cfe13f5cc
)
`
	if got := kubeGoMod("v1.18.2", upstream118); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKubeGoModNew(t *testing.T) {
	const upstream = "module k8s.io/kubernetes\n\ngo 1.26.0\n\nreplace k8s.io/api => ./staging/src/k8s.io/api\n"
	const want = `module github.com/fitout-dev/fitout/testdata/bed/kube-1.37

go 1.26.0

require (
	github.com/fitout-dev/fitout/testdata/bed/shared v0.0.0
	k8s.io/kubernetes v1.37.1
)

replace (
	github.com/fitout-dev/fitout/testdata/bed/shared => ../shared
	k8s.io/api => k8s.io/api v0.37.1
)
`
	if got := kubeGoMod("v1.37.1", upstream); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
