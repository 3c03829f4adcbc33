package check

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
)

// judgeByStatus judges an object by kstatus alone.
func judgeByStatus(s observed.Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	result, err := status.Compute(live)
	switch {
	case err != nil:
		return unreadable(live, err)
	case result.Status == status.CurrentStatus:
		return Good, "", ""
	case result.Status == status.FailedStatus:
		return Failed, "has failed: " + printable.Short(result.Message), observed.DescribeCommand(live)
	}
	return Failed, "is not ready yet: " + printable.Short(result.Message), observed.DescribeCommand(live)
}

func unreadable(live *manifest.Object, err error) (Verdict, string, string) {
	return Failed, "cannot be read: " + printable.Short(err.Error()), observed.DescribeCommand(live)
}

// judgeAPIService judges whether the API server reaches an aggregated API. Pods of simulated nodes do not run, so that
// nothing can answer there.
func judgeAPIService(s observed.Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	available := observed.Condition(live, "Available")
	switch {
	case available["status"] == "True":
		return Good, "is available", ""
	case s.AllSimulated():
		return Skipped, "cannot answer: its pods are on simulated nodes (" + observed.SimulatedAnnotation + "), where nothing runs", ""
	case s.OnlyControlPlane():
		return Pending, "waits for worker nodes", ""
	case available == nil:
		return Failed, "has no condition Available yet", "check that the API server aggregates APIs"
	}
	detail := fmt.Sprintf("is not available: %s: %s", observed.String(available["reason"]), printable.Short(observed.String(available["message"])))
	switch available["reason"] {
	case "ServiceNotFound", "EndpointsNotFound", "MissingEndpoints": // kube-aggregator, pkg/controllers/status
		return Failed, detail, "make the pods behind its Service ready"
	}
	return Failed, detail, "check that the API server reaches pod and Service addresses on the port of the Service"
}
