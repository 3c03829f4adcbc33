// Command kube-1.18 is the control plane of one Kubernetes release:
// kube-apiserver, kube-controller-manager or kube-scheduler, by the name it is
// called with. The release is the one that go.mod requires. Folders of other
// old releases link to this file as long as it fits them.
package main

import (
	"math/rand"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/logs"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	apiserver "github.com/fitout-dev/fitout/testdata/bed/oldapi/apiserver"
	"github.com/fitout-dev/fitout/testdata/bed/shared/multicall"
)

func main() {
	rand.Seed(time.Now().UnixNano())
	multicall.Main(map[string]func() int{
		"kube-apiserver":          func() int { return run(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() int { return run(manager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() int { return run(scheduler.NewSchedulerCommand()) },
	})
}

// run is what upstream's main functions do with their command.
func run(command *cobra.Command) int {
	logs.InitLogs()
	defer logs.FlushLogs()
	command.SilenceUsage = true // 300 lines that would hide the error
	if err := command.Execute(); err != nil {
		return 1
	}
	return 0
}
