package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var _ = register(Probe{
	Name: "storage-driver", Where: FromAPI, Fields: []string{"driver"},
	Judge:   Survey.storageDriver,
	RestsOn: []dependency{probedObjects},
})

func (s Survey) storageDriver(t probePlan) apiResult {
	driver := manifest.ID{Group: "storage.k8s.io", Kind: "CSIDriver", Name: t.Driver}
	if s.Objects[driver] == nil {
		return apiResult{verdict: check.Failed, remedy: "run fitout apply", detail: driver.String() + " is missing"}
	}
	known := byName(s.CSINodes)
	return s.onNodes(t, t.nodes(s), "know the driver "+t.Driver, func(n *corev1.Node) string {
		if o := known[n.Name]; o != nil {
			drivers, _, _ := unstructured.NestedSlice(o.Object, "spec", "drivers")
			if slices.ContainsFunc(drivers, func(d any) bool { return observed.NameOf(d) == t.Driver }) {
				return ""
			}
		}
		return "does not"
	})
}
