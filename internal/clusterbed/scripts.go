//go:build linux

package clusterbed

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// scripts are files of a published module that an image has besides programs.
type scripts struct {
	module string            // required by the nested module, which names the version
	parts  map[string]string // file or folder of the module -> its path in scriptsFolder
}

// scriptsFolder is where a recipe's scripts are, beside its programs.
const scriptsFolder = "scripts"

// copyTo copies the scripts into a folder of programs.
func (s scripts) copyTo(ctx context.Context, module, programs string) error {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", s.module)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the folder of %s in the module cache: %w: see whether %s requires it", s.module, err, module)
	}
	original := strings.TrimSpace(string(out))
	for _, part := range sortedKeys(s.parts) {
		if err := copyPart(filepath.Join(original, part), filepath.Join(programs, scriptsFolder, s.parts[part])); err != nil {
			return err
		}
	}
	return nil
}

// copyPart copies a file, or a folder with all that is in it.
func copyPart(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return copyFile(from, to, 0o755)
}

// addFolder adds the files of a folder of this machine below a path of the
// image. What cannot be read is missing when the image is packed, which says so.
func (c content) addFolder(folder, to string) {
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		c.files[merged(filepath.Join(to, strings.TrimPrefix(path, folder)))] = path
		return nil
	})
}
