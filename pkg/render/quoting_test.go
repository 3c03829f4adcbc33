package render_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template/parse"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/pkg/chartvalues"
	"sigs.k8s.io/yaml"
)

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
	last := called(a.pipe.Cmds[len(a.pipe.Cmds)-1])
	if last == "int" || last == "toJson" {
		return nil
	}
	letters := "\n\r\t\u0085\u2028 {}[]\"'`;#\\\x00"
	if last == "nindent" {
		letters = "\r\u0085\u2028\x00" // whole lines, as their user writes them: what YAML takes for a line break beside \n is not in them
	}
	var found []string
	for _, path := range paths(a.pipe) {
		if why := loose(t, charts, chart, path, letters); why != "" {
			found = append(found, file+": {{ "+a.pipe.String()+" }} in text: "+path+" "+why)
		}
	}
	return found
}

// valid are strings of which each value that stands in text admits one.
var valid = []string{"100.64.0.0/15", "cluster.local", "https://192.0.2.10:6443", "iptables", "/etc/resolv.conf"}

// loose says why the schema of a chart lets a value break out of a line of text: it takes a valid value with one wrong letter.
func loose(t *testing.T, charts fs.FS, chart, path, letters string) string {
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
	for _, letter := range letters {
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
