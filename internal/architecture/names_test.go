package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
)

// mayName lists where the Go code of the library or the command may name an addon, and why. Names in struct tags, comments and the
// help of commands are examples, and free.
var mayName = []struct{ in, names, reason string }{
	{"pkg/agent", "calico cilium flannel weave", "readers of what agents say of themselves: a foreign format each, chosen by agent.format in addon.yaml"},
	{"pkg/clusterfile", "kube-proxy", "a message that explains Service addresses: kubeProxy is a field of the cluster file"},
	{"pkg/corefile", "coredns", "the package of CoreDNS's own format, chosen by format: corefile in addon.yaml"},
	{"cmd/fitout", "kube-proxy", "the flags of the field kubeProxy of the cluster file"},
	{"pkg/changeset", "coredns", "an example in a remedy"},
	{"pkg/render", "coredns metrics-server", "examples in remedies"},
}

// A naming is a place where code names an addon.
type naming struct{ in, name, at string }

// namings returns where the Go files of a folder of the module name one of the addons in a string.
func namings(t *testing.T, root fs.FS, names []string) []naming {
	t.Helper()
	var found []naming
	err := fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && entry.Name() == "testdata" {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, text, 0)
		if err != nil {
			return err
		}
		for _, literal := range texts(tree) {
			for _, name := range names {
				if strings.Contains(strings.ToLower(literal.Value), name) {
					found = append(found, naming{path.Dir(file), name, set.Position(literal.Pos()).String()})
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

// texts are the string literals of a file that are not documentation: no struct tags, and no help of commands.
func texts(tree *ast.File) []*ast.BasicLit {
	var all []*ast.BasicLit
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			n.Tag = nil
		case *ast.AssignStmt:
			field, ok := n.Lhs[0].(*ast.SelectorExpr)
			return !ok || field.Sel.Name != "Example"
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			return !ok || !slices.Contains([]string{"Short", "Long", "Example"}, key.Name)
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				all = append(all, n)
			}
		}
		return true
	})
	return all
}

// unexcused returns the namings without an exception, and the exceptions that nothing needs.
func unexcused(found []naming) []string {
	var wrong []string
	used := map[string]bool{}
	for _, n := range found {
		excused := false
		for _, may := range mayName {
			if may.in == n.in && slices.Contains(strings.Fields(may.names), n.name) {
				excused, used[may.in+" "+n.name] = true, true
			}
		}
		if !excused {
			wrong = append(wrong, fmt.Sprintf("%s names the addon %s: make it data of the addon, or say why it cannot be", n.at, n.name))
		}
	}
	for _, may := range mayName {
		for _, name := range strings.Fields(may.names) {
			if !used[may.in+" "+name] {
				wrong = append(wrong, fmt.Sprintf("%s does not name %s: remove the exception", may.in, name))
			}
		}
	}
	return wrong
}

// An addon is data: no Go code of the library or the command knows one by its name, but for the exceptions.
func TestGoNamesNoAddon(t *testing.T) {
	var names []string
	folders, err := fs.ReadDir(addons.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() {
			names = append(names, f.Name())
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d addons", len(names))
	}
	names = append(names, "scaleway", "nginx")
	var found []naming
	for _, dir := range []string{"pkg", "cmd"} {
		for _, n := range namings(t, os.DirFS("../../"+dir), names) {
			n.in, n.at = path.Join(dir, n.in), path.Join(dir, n.at)
			found = append(found, n)
		}
	}
	for _, w := range unexcused(found) {
		t.Error(w)
	}
}

func TestNamesOfAddonsAreFound(t *testing.T) {
	got := unexcused([]naming{{"pkg/wave", "cilium", "pkg/wave/wave.go:3:1"}})
	if len(got) < 2 || got[0] != "pkg/wave/wave.go:3:1 names the addon cilium: make it data of the addon, or say why it cannot be" || !slices.Contains(got, "pkg/corefile does not name coredns: remove the exception") {
		t.Errorf("found %q", got)
	}
	tree, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a\ntype T struct{ A string `doc:\"cilium\"` }\nvar c = C{Example: \"fitout up --cni cilium\", Use: \"calico\"}\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	if all := texts(tree); len(all) != 1 || all[0].Value != `"calico"` {
		t.Errorf("%d literals", len(all))
	}
}
