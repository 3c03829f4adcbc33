//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/internal/ociimage"
)

// An archive is an image in a file that containerd imports.
type archive struct {
	File  string   `json:"file"`
	Names []string `json:"names"`
}

// packImages makes an archive for each reference, as far as the cache lacks
// them, besides those that every bed needs.
func packImages(ctx context.Context, p *Programs, references []string, log io.Writer) ([]archive, error) {
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	all := contents(p)
	references = append([]string{pauseImage, ToolsImage}, references...)
	slices.Sort(references)
	var archives []archive
	for _, text := range slices.Compact(references) {
		c, err := contentOf(all, text)
		if err != nil {
			return nil, err
		}
		names := parseReference(text).names()
		file, err := c.pack(ctx, dir, names[0], log)
		if err != nil {
			return nil, fmt.Errorf("pack the image %s: %w", text, err)
		}
		archives = append(archives, archive{File: file, Names: names})
	}
	return archives, nil
}

// pack writes the archive of an image unless it is there.
func (c content) pack(ctx context.Context, dir, name string, log io.Writer) (string, error) {
	files, err := c.allFiles(ctx)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %q %q %s %s%s\n", name, c.links, c.entrypoint, c.user, c.binds, c.written)
	for _, to := range sortedKeys(files) {
		info, err := os.Stat(files[to])
		if err != nil {
			return "", fmt.Errorf("%w: the build of the program that belongs there is incomplete", err)
		}
		fmt.Fprintf(hash, "%s %s %d %d\n", to, files[to], info.Size(), info.ModTime().UnixNano())
	}
	base := strings.NewReplacer("/", "_", ":", "_", "@", "_").Replace(name)
	file := filepath.Join(dir, base+"-"+hex.EncodeToString(hash.Sum(nil))[:12]+".tar")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	fmt.Fprintf(log, "clusterbed: packing %s\n", name)
	layer, err := c.layer(files)
	if err != nil {
		return "", err
	}
	if err := writeArchive(file+".tmp", name, c, layer); err != nil {
		return "", err
	}
	return file, os.Rename(file+".tmp", file)
}

// allFiles adds the tools and the libraries that they need.
func (c content) allFiles(ctx context.Context) (map[string]string, error) {
	files := map[string]string{}
	for to, from := range c.files {
		files[to] = from
	}
	for _, tool := range c.tools {
		files[merged(tool)] = tool
		libraries, err := librariesOf(ctx, tool)
		if err != nil {
			return nil, err
		}
		if strings.Contains(tool, "xtables") { // its extensions are libraries, too
			extensions, err := filepath.Glob(xtablesDir + "/*.so")
			if err != nil {
				return nil, err
			}
			more, err := librariesOf(ctx, extensions...)
			if err != nil {
				return nil, err
			}
			libraries = slices.Concat(libraries, extensions, more)
		}
		for _, library := range libraries {
			files[merged(library)] = library
		}
	}
	return files, nil
}

// merged moves a path below /usr, where the old top folders are links to.
func merged(file string) string {
	for _, top := range []string{"/bin/", "/sbin/", "/lib/", "/lib64/"} {
		if strings.HasPrefix(file, top) {
			return "/usr" + file
		}
	}
	return file
}

// librariesOf asks ldd. A static program has none.
func librariesOf(ctx context.Context, programs ...string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "ldd", programs...).CombinedOutput()
	if len(programs) == 1 && bytes.Contains(out, []byte("not a dynamic executable")) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w: %s", programs[0], err, bytes.TrimSpace(out))
	}
	var libraries []string
	for line := range strings.Lines(string(out)) {
		for _, field := range strings.Fields(line) {
			if strings.HasPrefix(field, "/") && !strings.HasSuffix(field, ":") {
				libraries = append(libraries, filepath.Clean(field)) // LLVM's are in bin/../lib
			}
		}
	}
	return libraries, nil
}

// mayBindLowPorts is the extended attribute security.capability with
// cap_net_bind_service permitted and effective, as setcap writes it.
const mayBindLowPorts = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// layer returns the one layer of the image: a tar with the old top folders as
// links, the files, the links, and a /tmp.
func (c content) layer(files map[string]string) ([]byte, error) {
	layer := ociimage.NewLayer()
	links := map[string]string{}
	if len(c.tools) > 0 {
		links = map[string]string{"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}
	}
	for to, target := range c.links {
		links[merged(to)] = target
	}
	if err := layer.Folder("/tmp", 0o1777); err != nil {
		return nil, err
	}
	if c.written != "" {
		if err := layer.Folder(c.written, 0o1777); err != nil {
			return nil, err
		}
	}
	for _, to := range sortedKeys(files) {
		text, err := os.ReadFile(files[to])
		if err != nil {
			return nil, err
		}
		attributes := map[string]string{}
		if to == c.binds {
			attributes["security.capability"] = mayBindLowPorts
		}
		if err := layer.File(to, 0o755, text, attributes); err != nil {
			return nil, err
		}
	}
	for _, to := range sortedKeys(links) {
		if err := layer.Link(to, links[to]); err != nil {
			return nil, err
		}
	}
	return layer.Tar()
}

// writeArchive writes an image to a file.
func writeArchive(file, name string, c content, layer []byte) error {
	image := ociimage.Platform{
		OS: "linux", Arch: "amd64", User: c.user, Layer: layer,
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
	if c.entrypoint != "" {
		image.Entrypoint = []string{c.entrypoint}
	}
	to, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(ociimage.Write(to, name, image), to.Close())
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
