// Package oracle compares the table of CoreDNS's plugins with what CoreDNS's own project says of them: the migration tool of
// kubeadm and Cluster API, coredns/corefile-migration. It is a module of its own, so that Fitout does not depend on it.
package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/coredns/corefile-migration/migration"
	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/pkg/corefile"
)

// exceptions are where the two differ, and why the table is right. Each is needed.
var exceptions = map[string]string{
	"forward: fail_fast":                        "no version has it; the option is failfast_all_unhealthy_upstreams (plugin/forward/setup.go)",
	"forward: failfast_all_unhealthy_upstreams": "1.12.0 does not have it yet; 1.12.1 does (plugin/forward/setup.go)",
	"kubernetes: endpoint":                      "it is the second endpoint that is ignored (plugin/kubernetes/setup.go)",
	"proxy: protocol":                           "it is the protocol https_google that was removed in 1.3.1, one of several",
	"rewrite: cname_target":                     "the option is cname (plugin/rewrite/rewrite.go, newRule)",
}

// Whatever the migration tool has in a version, the table has, and with the same fate.
func TestTableAgrees(t *testing.T) {
	data, err := addons.FS.ReadFile("coredns/plugins.yaml")
	if err != nil {
		t.Fatal(err)
	}
	table, err := corefile.DecodeTable("plugins.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	versions := migration.ValidVersions()
	used, compared := map[string]bool{}, 0
	for i, version := range versions {
		if i == 0 || !table.Covers(version) {
			continue
		}
		for _, subject := range subjects(table) {
			theirs, known := fate(t, versions[i-1], version, subject)
			if !known {
				continue
			}
			compared++
			ours := tableFate(t, table, version, subject)
			switch _, excepted := exceptions[subject.String()]; {
			case ours == theirs:
			case excepted:
				used[subject.String()] = true
			default:
				t.Errorf("%s: %s is %s in the table, and %s for corefile-migration", version, subject, ours, theirs)
			}
		}
	}
	for name := range exceptions {
		if !used[name] {
			t.Errorf("the exception %s is not needed", name)
		}
	}
	t.Logf("compared %d fates of plugins and options", compared)
}

// A subject is a plugin, or an option of one.
type subject struct{ plugin, option string }

func (s subject) String() string {
	if s.option == "" {
		return s.plugin
	}
	return s.plugin + ": " + s.option
}

func (s subject) corefile() string {
	if s.option == "" {
		return fmt.Sprintf(".:53 {\n    %s\n}\n", s.plugin)
	}
	return fmt.Sprintf(".:53 {\n    %s {\n        %s\n    }\n}\n", s.plugin, s.option)
}

// subjects are the plugins and options of the table, and those that only the tool has.
func subjects(table *corefile.Table) []subject {
	all := []subject{{"rewrite", "cname_target"}, {"forward", "fail_fast"}}
	for _, name := range slices.Sorted(maps.Keys(table.Plugins)) {
		p := table.Plugins[name]
		all = append(all, subject{name, ""})
		for _, option := range append(slices.Sorted(maps.Keys(p.Changes)), p.Options...) {
			if !strings.Contains(option, " ") {
				all = append(all, subject{name, option})
			}
		}
	}
	return all
}

// fate asks the tool what became of a subject in a version. It is not known where the tool does not handle the subject.
func fate(t *testing.T, before, version string, s subject) (string, bool) {
	t.Helper()
	notices, err := migration.Unsupported(before, version, s.corefile())
	if err != nil || len(notices) > 0 {
		return "", false
	}
	if notices, err = migration.Deprecated(before, version, s.corefile()); err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		if n.Plugin == s.plugin && (n.Option == s.option || n.Option == "") && n.Severity != migration.SevNewDefault {
			return n.Severity, true
		}
	}
	return "there", true
}

// tableFate asks the table the same.
func tableFate(t *testing.T, table *corefile.Table, version string, s subject) string {
	t.Helper()
	faults, err := table.Check(version, s.corefile(), corefile.Container{})
	if err != nil {
		t.Fatal(err)
	}
	// The Corefiles of subjects give no arguments, which the tool does not look at.
	faults = slices.DeleteFunc(faults, func(f corefile.Fault) bool {
		return strings.HasPrefix(f.Problem, "lacks ") || strings.HasPrefix(f.Problem, "has no ")
	})
	if len(faults) == 0 {
		return "there"
	}
	for text, fate := range map[string]string{"removed": migration.SevRemoved, "does nothing": migration.SevIgnored, "deprecated": migration.SevDeprecated} {
		if strings.Contains(faults[0].Problem, text) {
			return fate
		}
	}
	return "not there"
}
