package check_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
)

// dns and net are addons with probes in pods and without.
var dnsAndNet = []render.Addon{
	{Addon: bundle.Addon{Name: "dns", Probes: []bundle.Probe{{Name: "dns-service"}}}},
	{Addon: bundle.Addon{Name: "net", Checks: bundle.Checks{HostPorts: []int{80}}, Probes: []bundle.Probe{{Name: "pod-network"}, {Name: "node-metrics"}}}},
}

func TestSelection(t *testing.T) {
	for name, test := range map[string]struct {
		check.Selection
		chosen []string
		pods   bool
	}{
		"all":                     {check.Selection{}, names(check.AllChecks(dnsAndNet)), true},
		"a check of all addons":   {check.Selection{Only: []string{"present"}}, []string{"dns/present", "net/present"}, false},
		"a check of one addon":    {check.Selection{Only: []string{"net/present"}}, []string{"net/present"}, false},
		"of the cluster":          {check.Selection{Only: []string{"cluster/nodes"}}, []string{"cluster/nodes"}, false},
		"a probe brings its pods": {check.Selection{Only: []string{"net/pod-network"}}, []string{"cluster/probe-pods", "net/pod-network"}, true},
		"one that needs none":     {check.Selection{Only: []string{"node-metrics"}}, []string{"net/node-metrics"}, false},
		"skip goes first":         {check.Selection{Only: []string{"present", "nodes"}, Skip: []string{"dns/present", "nodes"}}, []string{"net/present"}, false},
		"skip alone": {check.Selection{Skip: []string{"present", "unchanged", "dns-service", "pod-network", "probe-pods"}},
			[]string{"cluster/nodes", "net/host-ports", "net/node-metrics"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := check.AllChecks(dnsAndNet)
			if err := test.Validate(all); err != nil {
				t.Error(err)
			}
			chosen := names(test.Rows(all))
			if diff := cmp.Diff(test.chosen, chosen); diff != "" {
				t.Error(diff)
			}
			for _, n := range names(all) {
				if slices.Contains(chosen, n) == slices.Contains(test.Skipped(all), n) {
					t.Errorf("%s is both chosen and skipped, or neither", n)
				}
			}
			if got := check.NeedsPods(test.Probes(dnsAndNet)); got != test.pods {
				t.Errorf("needs pods: %v", got)
			}
			if len(dnsAndNet[1].Probes) != 2 {
				t.Fatal("the addons were changed")
			}
		})
	}
}

func TestSelectionFaults(t *testing.T) {
	for name, test := range map[string]struct {
		check.Selection
		want string
	}{
		"misspelt": {check.Selection{Only: []string{"pod-netwrk", "present"}, Skip: []string{"net/presnt"}},
			"--only: \"pod-netwrk\" is no check or probe of this cluster; did you mean pod-network?\n--skip: \"net/presnt\" is no check or probe of this cluster; did you mean net/present?"},
		"unlike any":        {check.Selection{Skip: []string{"weather-report"}}, `--skip: "weather-report" is no check or probe of this cluster; fitout check -o json lists them`},
		"of another addon":  {check.Selection{Only: []string{"dns/pod-network"}}, `--only: "dns/pod-network" is no check or probe of this cluster; did you mean net/pod-network?`},
		"not here":          {check.Selection{Only: []string{"storage-class"}}, `--only: "storage-class" is no check or probe of this cluster; fitout check -o json lists them`},
		"nothing left":      {check.Selection{Only: []string{"nodes"}, Skip: []string{"nodes"}}, "--skip leaves nothing to check; skip less"},
		"an empty name too": {check.Selection{Only: []string{""}}, `--only: "" is no check or probe of this cluster; fitout check -o json lists them`},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.Validate(check.AllChecks(dnsAndNet))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the judge has a row for can be chosen by its name.
func TestAllNamesEveryRow(t *testing.T) {
	for name, c := range cases(t) {
		addons, s := observe(t, c)
		all := names(check.AllChecks(addons))
		for _, row := range check.Judge(addons, s) {
			if !slices.Contains(all, row.Name()) {
				t.Errorf("%s: there is a row %s, which cannot be chosen", name, row.Name())
			}
		}
	}
	for name, c := range probeCases(t) {
		addons, _ := c.survey(t)
		all := names(check.AllChecks(addons))
		for _, row := range c.rows(t) {
			if !slices.Contains(all, row.Name()) {
				t.Errorf("%s: there is a row %s, which cannot be chosen", name, row.Name())
			}
		}
	}
}

func names(rows []check.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Name())
	}
	return out
}
