//go:build linux

package clusterbed

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A graft puts a published module into a folder of a nested module, for the
// build only: what the folder has of its own takes the place of the original,
// and what is left out is not built. So a program can be had whose module
// requires others that are not.
type graft struct {
	folder string // in the nested module
	module string // module@version
	// without are folders of the module whose packages are left out.
	without []string
}

// overlay writes the file that makes `go build` see the graft, into work.
func (g graft) overlay(ctx context.Context, dir, work string) (string, error) {
	original, err := downloaded(ctx, dir, g.module)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	err = filepath.WalkDir(original, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(original, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(g.without, name) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			replace[filepath.Join(dir, g.folder, name)] = path
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
}

// downloaded returns the folder of a module in the module cache.
func downloaded(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || answer.Error != "" || answer.Dir == "" {
		return "", fmt.Errorf("download %s: %v %s: see whether the module proxy has it", module, err, answer.Error)
	}
	return answer.Dir, nil
}
