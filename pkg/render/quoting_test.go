package render_test

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/pkg/chartvalues"
	"sigs.k8s.io/yaml"
)

// An action is a place of a template where a value is printed.
type action struct {
	pipe *parse.PipeNode
	dot  bool // the dot is a value (range, with)
}

// scan walks a template tree in the order of its text. Actions that print what comes from values are recorded, and stand in the
// text as marks.
type scan struct {
	text    strings.Builder
	actions []action
	vars    map[string]bool // variables that hold values
}

func (s *scan) walk(n parse.Node, dot bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				s.walk(c, dot)
			}
		}
	case *parse.TextNode:
		s.text.Write(n.Text)
	case *parse.ActionNode:
		s.declare(n.Pipe, dot)
		if len(n.Pipe.Decl) == 0 && s.fromValues(n.Pipe, dot) {
			fmt.Fprintf(&s.text, "\x00%d\x00", len(s.actions))
			s.actions = append(s.actions, action{n.Pipe, dot})
		} else if len(n.Pipe.Decl) == 0 {
			s.text.WriteString("constant")
		}
	case *parse.IfNode:
		s.declare(n.Pipe, dot)
		s.walk(n.List, dot)
		s.walk(n.ElseList, dot)
	case *parse.RangeNode:
		s.branch(&n.BranchNode, dot)
	case *parse.WithNode:
		s.branch(&n.BranchNode, dot)
	}
}

func (s *scan) branch(n *parse.BranchNode, dot bool) {
	s.declare(n.Pipe, dot)
	s.walk(n.List, s.fromValues(n.Pipe, dot))
	s.walk(n.ElseList, dot)
}

func (s *scan) declare(p *parse.PipeNode, dot bool) {
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = s.fromValues(p, dot)
	}
}

// fromValues reports whether a node prints something of the values; what a template that it includes prints may be.
func (s *scan) fromValues(n parse.Node, dot bool) bool {
	switch n := n.(type) {
	case *parse.PipeNode:
		return slices.ContainsFunc(n.Cmds, func(c *parse.CommandNode) bool { return s.fromValues(c, dot) })
	case *parse.CommandNode:
		return slices.ContainsFunc(n.Args, func(a parse.Node) bool { return s.fromValues(a, dot) })
	case *parse.FieldNode:
		return n.Ident[0] == "Values" || dot && n.Ident[0] != "Release"
	case *parse.ChainNode:
		return s.fromValues(n.Node, dot)
	case *parse.VariableNode:
		return s.vars[n.Ident[0]] || len(n.Ident) > 1 && n.Ident[0] == "$" && n.Ident[1] == "Values"
	case *parse.DotNode:
		return dot
	case *parse.IdentifierNode:
		return n.Ident == "include"
	}
	return false
}

// called returns the function of a command; "" for a plain value.
func called(c *parse.CommandNode) string {
	if f, ok := c.Args[0].(*parse.IdentifierNode); ok {
		return f.Ident
	}
	return ""
}

// encoded reports whether the last function of a pipe makes its value one scalar of YAML, or whole lines of it.
func encoded(p *parse.PipeNode, startsLine bool) bool {
	last := called(p.Cmds[len(p.Cmds)-1])
	if slices.Contains([]string{"quote", "int", "toJson", "sha256sum", "ternary"}, last) {
		return true
	}
	structured := func(c *parse.CommandNode) bool { return slices.Contains([]string{"toYaml", "include"}, called(c)) }
	if last == "nindent" {
		return len(p.Cmds) > 1 && structured(p.Cmds[len(p.Cmds)-2])
	}
	return startsLine && last == "toYaml" // of a template that its users indent
}

var opensText = regexp.MustCompile(`^( *)(- )*[^#]*: [|>][+-]?[0-9]?\s*$`)

// inText reports for each mark of a scanned template whether it stands in the text of a block scalar, and whether it starts a line.
func inText(text string) (within, starts []bool) {
	indent := -1
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " ")
		depth := len(line) - len(body)
		if indent >= 0 && strings.TrimSpace(body) != "" && depth <= indent {
			indent = -1
		}
		for i := range strings.Count(line, "\x00") / 2 {
			within = append(within, indent >= 0)
			starts = append(starts, i == 0 && strings.HasPrefix(line, "\x00"))
		}
		if m := opensText.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && indent < 0 {
			indent = len(m[1])
		}
	}
	return within, starts
}

// paths returns the values that a pipe names, as paths; "?" for one that it does not name.
func paths(n parse.Node) []string {
	var all []string
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			all = append(all, paths(c)...)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			all = append(all, paths(a)...)
		}
	case *parse.FieldNode:
		if n.Ident[0] == "Values" {
			all = append(all, strings.Join(n.Ident[1:], "."))
		}
	case *parse.DotNode, *parse.VariableNode:
		all = append(all, "?")
	}
	return all
}

// unquoted returns what in the templates of a chart tree prints a value that may leave its place.
func unquoted(t *testing.T, charts fs.FS) []string {
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
		chart, _, _ := strings.Cut(name, "/templates/")
		for _, tr := range trees {
			s := scan{vars: map[string]bool{}}
			s.walk(tr.Root, false)
			within, starts := inText(s.text.String())
			for i, a := range s.actions {
				found = append(found, judgeAction(t, charts, chart, name, a, within[i], starts[i])...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

func judgeAction(t *testing.T, charts fs.FS, chart, file string, a action, text, startsLine bool) []string {
	t.Helper()
	if !text {
		if encoded(a.pipe, startsLine) {
			return nil
		}
		return []string{file + ": {{ " + a.pipe.String() + " }}"}
	}
	if last := called(a.pipe.Cmds[len(a.pipe.Cmds)-1]); last == "int" || last == "toJson" {
		return nil
	}
	var found []string
	for _, path := range paths(a.pipe) {
		if why := loose(t, charts, chart, path); why != "" {
			found = append(found, file+": {{ "+a.pipe.String()+" }} in text: "+path+" "+why)
		}
	}
	return found
}

// valid are strings of which each value that stands in text admits one.
var valid = []string{"100.64.0.0/15", "cluster.local", "https://192.0.2.10:6443", "iptables", "/etc/resolv.conf"}

// loose says why the schema of a chart lets a value break out of a line of text: it takes a valid value with one wrong letter.
func loose(t *testing.T, charts fs.FS, chart, path string) string {
	t.Helper()
	text, err := fs.ReadFile(charts, chart+"/"+chartvalues.SchemaFile)
	if err != nil {
		return err.Error()
	}
	schema, err := chartvalues.Parse(chart, text)
	if err != nil {
		return err.Error()
	}
	defaults, err := fs.ReadFile(charts, chart+"/values.yaml")
	if err != nil {
		return err.Error()
	}
	takes := func(value string) bool {
		values := map[string]any{}
		if err := yaml.Unmarshal(defaults, &values); err != nil {
			t.Fatal(err)
		}
		if _, isList := values[path].([]any); isList {
			values[path] = []any{value}
		} else {
			values[path] = value
		}
		return !slices.ContainsFunc(schema.Check(values), func(f chartvalues.Fault) bool { return strings.HasPrefix(f.Field(), path) })
	}
	i := slices.IndexFunc(valid, takes)
	if i < 0 {
		return "has no valid value in this test"
	}
	for _, letter := range "\n\r\t {}[]\"'`;#\\\x00" {
		for _, at := range []int{0, 1, len(valid[i])} {
			if hostile := valid[i][:at] + string(letter) + valid[i][at:]; takes(hostile) {
				return fmt.Sprintf("may be %q", hostile)
			}
		}
	}
	return ""
}

// Every value in a place of YAML is typed or quoted; in other text, its schema admits nothing that could end its line.
func TestValuesStayInTheirPlaces(t *testing.T) {
	for _, found := range unquoted(t, addons.FS) {
		t.Errorf("addons/%s: end it with quote, int, toJson, or toYaml | nindent; in text, give the value a format or pattern", found)
	}
}

func TestUnquotedValuesAreFound(t *testing.T) {
	charts := fstest.MapFS{
		"a/1/values.yaml":        {Data: []byte("domain: cluster.local\nfree: x\n")},
		"a/1/values.schema.json": {Data: []byte(`{"type": "object", "properties": {"domain": {"type": "string", "format": "dns-name"}, "free": {"type": "string"}}}`)},
		"a/1/templates/x.yaml": {Data: []byte(`{{ define "d" }}a: {{ .Values.a }}{{ end -}}
ok: {{ .Values.a | quote }}
bad: {{ .Values.b | squote }}
ns: {{ .Release.Namespace }}
{{- range $i, $v := .Values.list }}
- {{ . }}
- {{ $v }}
- {{ $i | int }}
{{- end }}
{{- with .Values.c }}
c: {{ . | toYaml }}
d: {{ toYaml . | nindent 2 }}
{{- end }}
{{- $x := .Values.y }}
e: {{ $x.z }}
text: |
  fine {{ .Values.domain }} {{ .Values.n | int }}
  loose {{ .Values.free }}
f: {{ include "d" . }}
`)},
	}
	var got []string
	for _, found := range unquoted(t, charts) {
		got = append(got, strings.TrimPrefix(found, "a/1/templates/x.yaml: "))
	}
	want := []string{
		"{{ $v }}", "{{ $x.z }}", "{{ . | toYaml }}", "{{ . }}", "{{ .Values.a }}", "{{ .Values.b | squote }}",
		`{{ .Values.free }} in text: free may be "\n100.64.0.0/15"`, `{{ include "d" . }}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
