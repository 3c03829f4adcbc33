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
	"testing/fstest"
)

// mayWrite lists the functions that write a text as it is, and why that is safe. All others print by pkg/printable, which makes
// one line of each text, so that none has to know which texts others wrote.
var mayWrite = []struct{ in, function, reason string }{
	{"cmd/fitout", "Write", "the writers below all printers, which make visible what those have overlooked"},
	{"cmd/fitout", "draw", "a drawing of lines that cut has made printable, between commands to the terminal"},
	{"cmd/fitout", "decide", "a change set, whose lines pkg/changeset prints"},
	{"cmd/fitout", "printDiff", "a difference, which pkg/diff has made printable, below printable lines"},
	{"cmd/fitout", "startJanitor", "what a process of its own is told through a pipe"},
	{"cmd/fitout", "explainCommand", "the schema of the cluster file, JSON of its own making"},
	{"cmd/fitout", "signCommand", "a signature, JSON of its own making"},
	{"cmd/fitout", "sbomCommand", "JSON of a library's making; what it leaves as it is, standard output makes visible"},
	{"cmd/fitout", "digestOfFiles", "into a hash"},
	{"cmd/fitout", "serve", "metrics over HTTP, of which Prometheus' library has escaped every label"},
	{"cmd/fitout", "replaceFile", "the same, into a file"},
	{"pkg/report", "Table", "a change set, whose lines pkg/changeset prints"},
	{"pkg/report", "checks", "lines of a table, and below them those that below has made printable"},
	{"pkg/junit", "Write", "XML, of which every text is printable"},
	{"cmd/fitout", "goldenUpdate", "a comparison, of which pkg/golden makes every line printable"},
	{"cmd/fitout", "printAll", "a comparison or an upgrade plan, of which pkg/golden and pkg/upgrade make every line printable"},
	{"pkg/manifest", "Write", "YAML that is applied: what must not be printed is in the form of JSON there"},
	{"pkg/probe", "answer", "an answer over HTTP"},
}

// A writing is a place where code writes a text that is not of its own source.
type writing struct{ in, function, at string }

// writings returns where the Go files of a folder of the module write texts past pkg/printable: by fmt or io, and in the command
// by methods of writers, too.
func writings(t *testing.T, root fs.FS, methods bool) []writing {
	t.Helper()
	var found []writing
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
		tree, err := parser.ParseFile(set, file, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range tree.Decls {
			function, ok := declared.(*ast.FuncDecl)
			name := "(no function)"
			if ok {
				name = function.Name.Name
			}
			ast.Inspect(declared, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && writesOthers(call, methods) {
					found = append(found, writing{path.Dir(file), name, set.Position(call.Pos()).String()})
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// writesOthers reports whether a call writes a text that is neither in the source nor made by pkg/printable.
func writesOthers(call *ast.CallExpr, methods bool) bool {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, name := nameOf(function.X), function.Sel.Name
	texts := call.Args
	switch {
	case of == "fmt" && strings.HasPrefix(name, "Print"):
		return true // to standard output, which is the command's
	case (of == "fmt" && strings.HasPrefix(name, "Fprint") || of == "io" && name == "WriteString") && len(texts) > 0:
		texts = texts[1:]
	case !methods || of == "io" || of == "b" || name != "Write" && name != "WriteString": // b is a text that is still being made
		return false
	}
	return slices.ContainsFunc(texts, func(e ast.Expr) bool { return !isPrintable(e) })
}

func isPrintable(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.CallExpr:
		function, ok := e.Fun.(*ast.SelectorExpr)
		return ok && nameOf(function.X) == "printable"
	}
	return false
}

func nameOf(e ast.Expr) string {
	name, _ := e.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

// unprintable returns the writings without an exception, and the exceptions that nothing needs.
func unprintable(found []writing) []string {
	var wrong []string
	used := map[string]bool{}
	for _, w := range found {
		excused := false
		for _, may := range mayWrite {
			if may.in == w.in && may.function == w.function {
				excused, used[may.in+" "+may.function] = true, true
			}
		}
		if !excused {
			wrong = append(wrong, fmt.Sprintf("%s: %s writes a text as it is: use printable.Fprintf or printable.Fprintln, or say why it is safe", w.at, w.function))
		}
	}
	for _, may := range mayWrite {
		if !used[may.in+" "+may.function] {
			wrong = append(wrong, fmt.Sprintf("%s of %s does not write a text as it is: remove the exception", may.function, may.in))
		}
	}
	return wrong
}

// Every printer of the library and the command prints texts by pkg/printable.
func TestPrintersArePrintable(t *testing.T) {
	var found []writing
	for _, folder := range []string{"cmd", "pkg"} {
		for _, w := range writings(t, os.DirFS("../../"+folder), folder == "cmd") {
			w.in, w.at = path.Join(folder, w.in), path.Join(folder, w.at)
			if w.in != "pkg/printable" {
				found = append(found, w)
			}
		}
	}
	for _, w := range unprintable(found) {
		t.Error(w)
	}
}

func TestWritingsAreFound(t *testing.T) {
	const source = `package fitout
import ("fmt"; "io"; "printable")
func good(w io.Writer, b buffer) { fmt.Fprintln(w, "own"); printable.Fprintf(w, "%s", other); fmt.Fprint(w, printable.Text(other)); b.WriteString(other) }
func formatted(w io.Writer) { fmt.Fprintf(w, "%s", other) }
func line(w io.Writer) { fmt.Fprintln(w, "own", other) }
func whole(w io.Writer) { io.WriteString(w, other) }
func method(w io.Writer) { w.Write(other) }
func standard() { fmt.Println("own") }
`
	var got []string
	for _, w := range writings(t, fstest.MapFS{"fitout/a.go": {Data: []byte(source)}}, true) {
		got = append(got, w.function)
	}
	if want := []string{"formatted", "line", "whole", "method", "standard"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
