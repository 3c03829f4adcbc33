package bundle_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each probe has what it cannot be made without, and no more.
func TestProbesAreVerified(t *testing.T) {
	for name, test := range map[string]struct{ probe, want string }{
		"without timeout":            {"{name: dns-service, proves: a, usually: b}", "probes: dns-service: timeout is \"\"; give a time from 1s to 1m"},
		"with a wrong timeout":       {"{name: dns-service, proves: a, usually: b, timeout: 5}", "probes: dns-service: timeout is \"5\"; give a time from 1s to 1m"},
		"with a timeout for nothing": {"{name: node-metrics, proves: a, usually: b, timeout: 5s}", "probes: node-metrics: timeout is for trials that are made in pods; take it away"},
		"without class":              {"{name: ingress-route, proves: a, usually: b, timeout: 5s}", "probes: ingress-route: class belongs to ingress-route, and there it must be"},
		"without conditions":         {"{name: node-conditions, proves: a, usually: b}", "probes: node-conditions: conditions belong to node-conditions, and there they must be"},
		"with a driver for nothing":  {"{name: node-metrics, proves: a, usually: b, driver: d}", "probes: node-metrics: driver belongs to storage-driver, and there it must be"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := catalogueFiles().with("addons/dns/addon.yaml", "lifecycle:", "probes: ["+test.probe+"]\nlifecycle:").load()
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff("dns/addon.yaml: "+test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
