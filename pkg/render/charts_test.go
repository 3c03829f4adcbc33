package render_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"

	"github.com/fitout-dev/fitout/addons"
)

// impure are the template functions whose result is not the same for every render, and those that generate secrets.
var impure = []string{
	"now", "date", "dateInZone", "date_in_zone", "dateModify", "date_modify", "mustDateModify", "must_date_modify", "ago", "htmlDate", "htmlDateInZone",
	"toDate", "mustToDate", "randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randBytes", "randInt", "shuffle", "uuidv4",
	"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	"htpasswd", "bcrypt", "encryptAES", "env", "expandenv", "getHostByName", "lookup",
}

// impurities returns the impure calls in the templates of a chart tree.
func impurities(t *testing.T, charts fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(charts, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(name, "/templates/") {
			return err
		}
		text, err := fs.ReadFile(charts, name)
		if err != nil {
			return err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(text), "", "", trees); err != nil {
			return err
		}
		for _, tr := range trees {
			for _, call := range calls(tr.Root) {
				if slices.Contains(impure, call) {
					found = append(found, path.Base(name)+": "+call)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// calls returns the identifiers in a template tree, which are the functions that it calls.
func calls(n parse.Node) []string {
	var names []string
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				names = append(names, calls(c)...)
			}
		}
	case *parse.ActionNode:
		names = calls(n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				names = append(names, calls(c)...)
			}
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			names = append(names, calls(a)...)
		}
	case *parse.IdentifierNode:
		names = append(names, n.Ident)
	case *parse.ChainNode:
		names = calls(n.Node)
	case *parse.IfNode:
		names = branch(&n.BranchNode)
	case *parse.RangeNode:
		names = branch(&n.BranchNode)
	case *parse.WithNode:
		names = branch(&n.BranchNode)
	case *parse.TemplateNode:
		names = calls(n.Pipe)
	}
	return names
}

func branch(n *parse.BranchNode) []string {
	return slices.Concat(calls(n.Pipe), calls(n.List), calls(n.ElseList))
}

func TestChartsArePure(t *testing.T) {
	for _, found := range impurities(t, addons.FS) {
		t.Errorf("%s: its result is not the same for every render; take the value as an input", found)
	}
}

func TestImpureChartsAreFound(t *testing.T) {
	charts := fstest.MapFS{"a/1/templates/x.yaml": {Data: []byte(
		`{{ define "d" }}{{ if and true (now) }}{{ end }}{{ end }}{{ range until 2 }}{{ "x" | printf "%s%s" (randAlphaNum 5) }}{{ else }}{{ with lookup "v1" "a" "b" "c" }}{{ . }}{{ end }}{{ end }}`)}}
	got := impurities(t, charts)
	slices.Sort(got)
	if want := []string{"x.yaml: lookup", "x.yaml: now", "x.yaml: randAlphaNum"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// Charts have what the contract in docs/addons.md allows and nothing else.
func TestChartsHoldOnlyWhatTheyMay(t *testing.T) {
	err := fs.WalkDir(addons.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		parts := strings.Split(name, "/")
		if len(parts) < 3 {
			return nil // addons.go, addon.yaml, README.md
		}
		ok := len(parts) == 3 && slices.Contains([]string{"Chart.yaml", "values.yaml", "values.schema.json"}, parts[2]) ||
			parts[2] == "files" || parts[2] == "templates" && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".tpl") && strings.HasPrefix(path.Base(name), "_"))
		if !ok {
			t.Errorf("addons/%s: a chart has Chart.yaml, values.yaml, values.schema.json, files and templates (*.yaml, _*.tpl), and nothing else", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
