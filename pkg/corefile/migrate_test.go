package corefile_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/corefile"
)

func table(t *testing.T) *corefile.Table {
	t.Helper()
	text := `apiVersion: fitout.dev/v1alpha1
kind: CorefilePlugins
server: CoreDNS
first: 1.3.1
last: 1.14.6
plugins:
  errors: {}
  forward: {options: [policy]}
  proxy: {removed: 1.5.0, successor: forward, migrate: forward, options: [policy, spray]}
  kubernetes:
    options: [pods]
    changes:
      upstream: {removed: 1.7.0, migrate: drop}
      endpoint: {removed: 1.7.0}
  auto:
    changes:
      no_reload: {removed: 1.5.0, migrate: reload 0}
      reload: {}
`
	parsed, err := corefile.DecodeTable("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestMigrate(t *testing.T) {
	for name, c := range map[string]struct{ version, source, want, left string }{
		"a line goes, comments stay":    {"1.7.0", "a.org {\n  kubernetes {\n    # mine\n    upstream # yes\n    pods x\n    upstream\n  }\n}\n", "a.org {\n  kubernetes {\n    # mine\n     # yes\n    pods x\n  }\n}\n", ""},
		"a name is replaced":            {"1.6.2", "a.org {\n\tproxy . 10.0.0.1 # ours\n}\n", "a.org {\n\tforward . 10.0.0.1 # ours\n}\n", ""},
		"a name with options":           {"1.6.2", "a.org {\n proxy . 10.0.0.1 {\n  policy random\n }\n}\n", "a.org {\n forward . 10.0.0.1 {\n  policy random\n }\n}\n", ""},
		"an option that is not there":   {"1.6.2", "a.org {\n proxy . 10.0.0.1 {\n  spray\n }\n}\n", "a.org {\n forward . 10.0.0.1 {\n  spray\n }\n}\n", "forward: spray is not an option"},
		"words take the place":          {"1.6.2", "a.org {\n auto {\n  no_reload\n }\n}\n", "a.org {\n auto {\n  reload 0\n }\n}\n", ""},
		"a snippet, once":               {"1.6.2", "(s) {\n proxy . 1.1.1.1\n}\na.org {\n import s\n}\nb.org {\n import s\n}\n", "(s) {\n forward . 1.1.1.1\n}\na.org {\n import s\n}\nb.org {\n import s\n}\n", ""},
		"an older version is left":      {"1.4.0", "a.org {\n proxy . 1.1.1.1\n}\n", "a.org {\n proxy . 1.1.1.1\n}\n", ""},
		"what only a person can do":     {"1.7.0", "a.org {\n kubernetes {\n  endpoint x\n }\n}\n", "a.org {\n kubernetes {\n  endpoint x\n }\n}\n", "kubernetes: endpoint was removed"},
		"a name in quotes is left":      {"1.6.2", "a.org {\n \"proxy\" . 1.1.1.1\n}\n", "a.org {\n \"proxy\" . 1.1.1.1\n}\n", "proxy was removed"},
		"what is not to be edited":      {"1.6.2", "not.org {\n proxy . 1.1.1.1\n}\n", "not.org {\n proxy . 1.1.1.1\n}\n", "proxy was removed"},
		"nothing to do":                 {"1.14.6", "a.org {\n errors\n}\n", "a.org {\n errors\n}\n", ""},
		"two lines, and one line alike": {"1.7.0", "a.org {\n kubernetes {\n  upstream\n  upstream\n }\n}\n", "a.org {\n kubernetes {\n }\n}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, migrations, err := table(t).Migrate(c.version, c.source, corefile.Container{}, func(corefile.Fault) bool { return !strings.HasPrefix(c.source, "not.") })
			if err != nil || got != c.want {
				t.Errorf("error %v\n%s\nwant\n%s", err, got, c.want)
			}
			if (len(migrations) > 0) != (got != c.source) {
				t.Errorf("migrations %v", migrations)
			}
			faults, err := table(t).Check(c.version, got, corefile.Container{})
			if left := corefile.Fatal(faults); err != nil || (len(left) > 0) != (c.left != "") || len(left) > 0 && !strings.Contains(left[0].String(), c.left) {
				t.Errorf("left %v, error %v, want %q", left, err, c.left)
			}
		})
	}
}

func TestMigrationsAreTold(t *testing.T) {
	_, migrations, err := table(t).Migrate("1.7.0", "a.org {\n  proxy . 1.1.1.1 # ours\n  kubernetes {\n    upstream\n  }\n}\n", corefile.Container{}, func(corefile.Fault) bool { return true })
	if err != nil || len(migrations) != 2 || migrations[0].Was != "proxy . 1.1.1.1 # ours" || migrations[0].Becomes != "forward . 1.1.1.1 # ours" || migrations[1].Was != "upstream" || migrations[1].Becomes != "" {
		t.Errorf("%+v, error %v", migrations, err)
	}
}
