package fitout_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/probes"
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
		fitout.Selection
		chosen []string
		pods   bool
	}{
		"all":                     {fitout.Selection{}, rowNames(fitout.AllChecks(dnsAndNet)), true},
		"a check of all addons":   {fitout.Selection{Only: []string{"present"}}, []string{"dns/present", "net/present"}, false},
		"a check of one addon":    {fitout.Selection{Only: []string{"net/present"}}, []string{"net/present"}, false},
		"of the cluster":          {fitout.Selection{Only: []string{"cluster/nodes"}}, []string{"cluster/nodes"}, false},
		"a probe brings its pods": {fitout.Selection{Only: []string{"net/pod-network"}}, []string{"cluster/probe-pods", "net/pod-network"}, true},
		"one that needs none":     {fitout.Selection{Only: []string{"node-metrics"}}, []string{"net/node-metrics"}, false},
		"skip goes first":         {fitout.Selection{Only: []string{"present", "nodes"}, Skip: []string{"dns/present", "nodes"}}, []string{"net/present"}, false},
		"skip alone": {fitout.Selection{Skip: []string{"present", "unchanged", "dns-service", "pod-network", "probe-pods"}},
			[]string{"cluster/nodes", "net/host-ports", "net/node-metrics"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			all := fitout.AllChecks(dnsAndNet)
			if err := test.Validate(all); err != nil {
				t.Error(err)
			}
			chosen := rowNames(test.Rows(all))
			if diff := cmp.Diff(test.chosen, chosen); diff != "" {
				t.Error(diff)
			}
			for _, n := range rowNames(all) {
				if slices.Contains(chosen, n) == slices.Contains(test.Skipped(all), n) {
					t.Errorf("%s is both chosen and skipped, or neither", n)
				}
			}
			if got := probes.NeedsPods(test.Probes(dnsAndNet)); got != test.pods {
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
		fitout.Selection
		want string
	}{
		"misspelt": {fitout.Selection{Only: []string{"pod-netwrk", "present"}, Skip: []string{"net/presnt"}},
			"--only: \"pod-netwrk\" is no check or probe of this cluster; did you mean pod-network?\n--skip: \"net/presnt\" is no check or probe of this cluster; did you mean net/present?"},
		"unlike any":        {fitout.Selection{Skip: []string{"weather-report"}}, `--skip: "weather-report" is no check or probe of this cluster; fitout check -o json lists them`},
		"of another addon":  {fitout.Selection{Only: []string{"dns/pod-network"}}, `--only: "dns/pod-network" is no check or probe of this cluster; did you mean net/pod-network?`},
		"not here":          {fitout.Selection{Only: []string{"storage-class"}}, `--only: "storage-class" is no check or probe of this cluster; fitout check -o json lists them`},
		"nothing left":      {fitout.Selection{Only: []string{"nodes"}, Skip: []string{"nodes"}}, "--skip leaves nothing to check; skip less"},
		"an empty name too": {fitout.Selection{Only: []string{""}}, `--only: "" is no check or probe of this cluster; fitout check -o json lists them`},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.Validate(fitout.AllChecks(dnsAndNet))
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
	for name, c := range judgetest.Cases(t) {
		addons, s := judgetest.Observe(t, c)
		all := rowNames(fitout.AllChecks(addons))
		for _, row := range check.Judge(addons, s) {
			if !slices.Contains(all, row.Name()) {
				t.Errorf("%s: there is a row %s, which cannot be chosen", name, row.Name())
			}
		}
	}
	for name, c := range judgetest.ProbeCases(t) {
		addons, _ := c.Survey(t)
		all := rowNames(fitout.AllChecks(addons))
		for _, row := range c.Rows(t) {
			if !slices.Contains(all, row.Name()) {
				t.Errorf("%s: there is a row %s, which cannot be chosen", name, row.Name())
			}
		}
	}
}

func rowNames(rows []check.Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.Name())
	}
	return out
}
