// Command kube-1.18 is what runs on the nodes of one old Kubernetes release:
// kubelet or kube-proxy, by the name it is called with. The release is the one
// that go.mod requires.
package main

import (
	"math/rand"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/logs"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"github.com/fitout-dev/fitout/testdata/bed/shared/multicall"
)

func main() {
	rand.Seed(time.Now().UnixNano())
	multicall.Main(map[string]func() int{
		"kubelet":    func() int { return run(kubelet.NewKubeletCommand()) },
		"kube-proxy": func() int { return run(proxy.NewProxyCommand()) },
	})
}

// run is what upstream's main functions do with their command.
func run(command *cobra.Command) int {
	logs.InitLogs()
	defer logs.FlushLogs()
	if err := command.Execute(); err != nil {
		return 1
	}
	return 0
}
