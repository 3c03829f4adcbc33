// Command kube-1.36 is what runs on the nodes of one Kubernetes release:
// kubelet or kube-proxy, by the name it is called with. The release is the one
// that go.mod requires.
package main

import (
	"context"

	"k8s.io/component-base/cli"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as in upstream's own main packages
	_ "k8s.io/component-base/metrics/prometheus/version"

	"github.com/fitout-dev/fitout/testdata/bed/shared/multicall"
)

func main() {
	multicall.Main(map[string]func() int{
		"kubelet":    func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
		"kube-proxy": func() int { return cli.Run(proxy.NewProxyCommand()) },
	})
}
