// Command kube-1.36 is the control plane of one Kubernetes release:
// kube-apiserver, kube-controller-manager or kube-scheduler, by the name it is
// called with. The release is the one that go.mod requires. Folders of other
// releases link to this file as long as it fits them.
package main

import (
	_ "time/tzdata" // time zones of CronJobs; upstream's own main packages hold them too

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"github.com/fitout-dev/fitout/testdata/bed/shared/multicall"
)

func main() {
	multicall.Main(map[string]func() int{
		"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() int { return cli.Run(manager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	})
}
