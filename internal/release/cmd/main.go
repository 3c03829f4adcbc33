// Command cmd makes the files of a release in a folder: make release. Programs are given as OS/ARCH=FILE.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fitout-dev/fitout/internal/release"
)

func main() {
	version := flag.String("version", "", "the version: v1.2.3")
	out := flag.String("out", "", "the folder to write to")
	with := flag.String("with", "LICENSE,README.md", "files that go into each archive, with commas between them")
	beside := flag.String("beside", "", "files of the release that checksums name, too, with commas between them")
	flag.Parse()
	if err := run(*version, *out, list(*with), list(*beside), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

func run(version, out string, with, beside, words []string) error {
	more, err := read(with)
	if err != nil {
		return err
	}
	var programs []release.Program
	for _, word := range words {
		target, file, _ := strings.Cut(word, "=")
		system, arch, ok := strings.Cut(target, "/")
		if !ok || file == "" {
			return fmt.Errorf("%q is not a platform and a program; give linux/amd64=FILE", word)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		programs = append(programs, release.Program{OS: system, Arch: arch, Content: content})
	}
	files, err := release.Make(version, programs, more)
	if err != nil {
		return err
	}
	others, err := read(beside)
	if err != nil {
		return err
	}
	for _, f := range append(files, release.Checksums(append(files, others...))) {
		if err := os.WriteFile(filepath.Join(out, f.Name), f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func read(names []string) ([]release.File, error) {
	var all []release.File
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, release.File{Name: filepath.Base(name), Content: content, Mode: 0o644})
	}
	return all, nil
}
