//go:build linux

package clusterbed

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
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
	fmt.Fprintf(hash, "%s %q %q %s %s\n", name, c.links, c.entrypoint, c.user, c.binds)
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
				libraries = append(libraries, field)
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
	var buffer bytes.Buffer
	out := tar.NewWriter(&buffer)
	made := map[string]bool{}
	links := map[string]string{}
	if len(c.tools) > 0 {
		links = map[string]string{"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}
	}
	for to, target := range c.links {
		links[merged(to)] = target
	}
	if err := addFolder(out, made, "/tmp", 0o1777); err != nil {
		return nil, err
	}
	for _, to := range sortedKeys(files) {
		if err := addFolder(out, made, path.Dir(to), 0o755); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(files[to])
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Name: to[1:], Mode: 0o755, Size: int64(len(text))}
		if to == c.binds {
			header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": mayBindLowPorts}
		}
		if err := add(out, header, text); err != nil {
			return nil, err
		}
	}
	for _, to := range sortedKeys(links) {
		if err := addFolder(out, made, path.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := add(out, &tar.Header{Typeflag: tar.TypeSymlink, Name: to[1:], Linkname: links[to], Mode: 0o777}, nil); err != nil {
			return nil, err
		}
	}
	err := out.Close()
	return buffer.Bytes(), err
}

// addFolder adds a folder and those above it, once.
func addFolder(out *tar.Writer, made map[string]bool, dir string, mode int64) error {
	if dir == "/" || made[dir] {
		return nil
	}
	if err := addFolder(out, made, path.Dir(dir), 0o755); err != nil {
		return err
	}
	made[dir] = true
	return add(out, &tar.Header{Typeflag: tar.TypeDir, Name: dir[1:] + "/", Mode: mode}, nil)
}

func add(out *tar.Writer, header *tar.Header, text []byte) error {
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err := out.Write(text)
	return err
}

// writeArchive writes an image in the format of `docker save`.
func writeArchive(file, name string, c content, layer []byte) error {
	digest := sha256.Sum256(layer)
	settings := map[string]any{"Env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, "User": c.user}
	if c.entrypoint != "" {
		settings["Entrypoint"] = []string{c.entrypoint}
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": settings,
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(digest[:])}},
	})
	if err != nil {
		return err
	}
	configName := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]map[string]any{{"Config": configName, "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	to, err := os.Create(file)
	if err != nil {
		return err
	}
	defer to.Close()
	out := tar.NewWriter(to)
	for _, part := range []struct {
		name string
		text []byte
	}{{"manifest.json", manifest}, {configName, config}, {"layer.tar", layer}} {
		if err := add(out, &tar.Header{Name: part.name, Mode: 0o644, Size: int64(len(part.text))}, part.text); err != nil {
			return err
		}
	}
	return out.Close()
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
