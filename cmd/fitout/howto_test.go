package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"
)

var fence = regexp.MustCompile("(?s)```(sh|yaml)\n(.*?)```")

// callsIn returns the calls of fitout in the examples of a page: lines of scripts, and texts and lists in YAML.
func callsIn(t *testing.T, page string) [][]string {
	t.Helper()
	var calls [][]string
	line := func(text string) {
		if words := strings.Fields(strings.ReplaceAll(text, `"`, "")); len(words) > 1 && words[0] == "fitout" {
			calls = append(calls, words[1:])
		}
	}
	var walk func(node any)
	walk = func(node any) {
		switch n := node.(type) {
		case string:
			line(n)
		case map[string]any:
			for _, inner := range n {
				walk(inner)
			}
		case []any:
			var words []string
			for _, inner := range n {
				walk(inner)
				if word, ok := inner.(string); ok {
					words = append(words, word)
				}
			}
			line(strings.Join(words, " "))
		}
	}
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		if m[1] == "sh" {
			for text := range strings.Lines(m[2]) {
				line(text)
			}
			continue
		}
		var document any
		if err := yaml.UnmarshalStrict([]byte(m[2]), &document); err != nil {
			t.Errorf("%v in\n%s", err, m[2])
		}
		walk(document)
	}
	return calls
}

// The pipelines of the how-to page call commands and flags that there are, and all three phases in their order.
func TestUpgradeHowTo(t *testing.T) {
	page, err := os.ReadFile("../../docs/how-to/upgrade.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := callsIn(t, string(page))
	if len(calls) < 10 {
		t.Fatalf("%d calls are found on the page: %v", len(calls), calls)
	}
	var phases []string
	for _, words := range calls {
		root := rootCommand(genericiooptions.IOStreams{In: os.Stdin, Out: io.Discard, ErrOut: io.Discard})
		c, rest, err := root.Find(words)
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err != nil || c == root {
			t.Errorf("fitout %s: %v", strings.Join(words, " "), err)
			continue
		}
		if args := c.Flags().Args(); len(args) > 0 {
			t.Errorf("fitout %s: arguments %v", strings.Join(words, " "), args)
		}
		if f := c.Flags().Lookup("phase"); f != nil && !strings.ContainsAny(f.Value.String(), "{$") {
			phases = append(phases, f.Value.String())
		}
	}
	if want := slices.Repeat(phaseNames(), 2); !slices.Equal(phases, want) {
		t.Errorf("the script and the first pipeline call the phases %v, want %v", phases, want)
	}
}

// The hooks of the how-to page call commands and flags that there are, from scripts, cloud-init, Ansible and Terraform.
func TestHookHowTo(t *testing.T) {
	text, err := os.ReadFile("../../docs/how-to/hook.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, m := range regexp.MustCompile(`command = "(fitout [^"]+)"`).FindAllStringSubmatch(page, -1) {
		page += "\n```sh\n" + m[1] + "\n```\n"
	}
	verbs := map[string]int{}
	for _, words := range callsIn(t, page) {
		words = strings.Fields(shellEnd.ReplaceAllString(strings.Join(words, " "), ""))
		words = strings.Fields(regexp.MustCompile(`\$?\{[^}]*\}+`).ReplaceAllString(strings.Join(words, " "), "X"))
		verbs[words[0]]++
		if err := understood("fitout " + strings.Join(words, " ")); err != nil {
			t.Errorf("fitout %s: %v", strings.Join(words, " "), err)
		}
	}
	if verbs["up"] < 5 || verbs["job"] != 2 {
		t.Errorf("calls on the page: %v", verbs)
	}
}

func TestCallsIn(t *testing.T) {
	got := callsIn(t, "```sh\nfitout up -f x\nother\n```\n```yaml\n- run: fitout check\n- command: [fitout, plan, --live]\n```\n")
	if len(got) != 3 || got[2][1] != "--live" {
		t.Errorf("%v", got)
	}
}
