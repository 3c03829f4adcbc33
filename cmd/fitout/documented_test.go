package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// commandLine is a line of a page that a reader would run: in a block, after a prompt, or indented.
var commandLine = regexp.MustCompile(`(?m)^(?:    |\$ )?fitout( [^\n]*)?$`)

// shellEnd is where the arguments of fitout end in a line of a shell: a pipe, another command, a redirection, a comment, or the column
// in which a page explains it.
var shellEnd = regexp.MustCompile(` +(?:[|;#]|&&|\d?>).*$|  +.*$`)

// documented are the command lines of a page.
func documented(text string) (lines []string) {
	text = strings.ReplaceAll(text, "\\\n", "")
	for _, line := range commandLine.FindAllString(text, -1) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		lines = append(lines, shellEnd.ReplaceAllString(line, ""))
	}
	return lines
}

// understood returns why the program would not understand a command line.
func understood(line string) error {
	root := rootCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard})
	command, args, err := root.Find(strings.Fields(line)[1:])
	if err != nil {
		return err
	}
	return command.ParseFlags(args)
}

// What the pages tell a reader to run, the program understands: each command is there, and each of its flags.
func TestDocumentedCommands(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, page := range append(append(pages, more...), "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range documented(string(text)) {
			found[filepath.Base(page)]++
			if err := understood(line); err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
			}
		}
	}
	for _, page := range []string{"README.md", "tutorial.md", "hook.md", "report.md"} {
		if found[page] < 2 {
			t.Errorf("%s has %d commands; are they still found?", page, found[page])
		}
	}
	for _, wrong := range []string{"fitout upp", "fitout up --cnii flannel", "fitout check --timeout soon"} {
		if understood(wrong) == nil {
			t.Errorf("%s is understood", wrong)
		}
	}
}
