package probes

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
)

var _ = register(Probe{
	Name: StorageClaim, Where: InClaimPods, Fields: []string{"timeout"},
	MostTimeout: 10 * time.Minute, // a cloud moves a disk from one machine to another in minutes
	Wanted:      func(e Environment) bool { return e.StorageClass != "" },
	Judge:       Survey.storageClaim,
})

// storageClaim judges what came of a claim.
func (s Survey) storageClaim(t probePlan) apiResult {
	switch {
	case len(s.SortedNodes()) == 0:
		return apiResult{verdict: check.Pending, detail: "waits for nodes"}
	case s.Environment.NoPods != "", s.Environment.Claim == nil:
		none := s.withoutProbePods()
		return apiResult{verdict: none.verdict, detail: none.detail}
	}
	verdict, detail := s.Environment.Claim.judge()
	if verdict == check.Failed {
		return apiResult{verdict: check.Failed, remedy: t.Usually, detail: detail}
	}
	return apiResult{verdict: verdict, detail: detail}
}
