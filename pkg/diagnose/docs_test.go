package diagnose

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
)

// TestTroubleshooting holds docs/troubleshooting.md to the rules: each cause of a rule is in it, and every cause that it has
// stands in the code.
func TestTroubleshooting(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z, -]+) \| [A-Z]`).FindAllStringSubmatch(string(page), -1) {
		described = append(described, strings.Split(row[1], ", ")...)
	}
	for _, r := range rules {
		if !slices.Contains(described, r.cause) {
			t.Errorf("docs/troubleshooting.md does not have the cause %s", r.cause)
		}
	}
	code := sources(t)
	for _, cause := range described {
		if cause != check.Unexplained && !strings.Contains(code, `"`+cause+`"`) {
			t.Errorf("docs/troubleshooting.md has the cause %s, which no rule finds", cause)
		}
	}
}

// sources is the code of the package in one text.
func sources(t *testing.T) string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), "_test.go") {
			text, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
