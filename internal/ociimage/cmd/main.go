// Command cmd packs static binaries of fitout, one for each platform, into one image: make image.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/fitout-dev/fitout/internal/ociimage"
)

func main() {
	name := flag.String("name", "", "the image's whole reference")
	out := flag.String("out", "", "the file to write")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: cmd --name REFERENCE --out FILE linux/amd64=BINARY ...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*name, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run packs binaries, each given as OS/ARCH=FILE.
func run(name, out string, binaries []string) error {
	if name == "" || out == "" || len(binaries) == 0 {
		return errors.New("a name, a file and a binary are needed; --help shows how they are given")
	}
	var platforms []ociimage.Platform
	for _, word := range binaries {
		p, err := platform(word)
		if err != nil {
			return err
		}
		platforms = append(platforms, p)
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(ociimage.Write(file, name, platforms...), file.Close())
}

func platform(word string) (ociimage.Platform, error) {
	target, binary, _ := strings.Cut(word, "=")
	system, arch, ok := strings.Cut(target, "/")
	if !ok || binary == "" {
		return ociimage.Platform{}, fmt.Errorf("%q is not a platform and a binary; give linux/amd64=FILE", word)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return ociimage.Platform{}, err
	}
	layer := ociimage.NewLayer()
	if err := layer.File("/fitout", 0o755, content, nil); err != nil {
		return ociimage.Platform{}, err
	}
	text, err := layer.Tar()
	return ociimage.Platform{OS: system, Arch: arch, Entrypoint: []string{"/fitout"}, User: "65532:65532", Layer: text, Compressed: true}, err
}
