package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func addonName(n int) string { return fmt.Sprintf("bench%d", n) }

func (w workshop) manifests(n int) string { return filepath.Join(w.dir, fmt.Sprintf("%d.yaml", n)) }
func (w workshop) addon(n int) string     { return filepath.Join(w.dir, "addons", addonName(n)) }
func (w workshop) chart(n int) string     { return filepath.Join(w.addon(n), "1") }

// write writes n objects as a file, and as a chart, which is that of an addon too.
func (w workshop) write(n int) error {
	return writeFiles(map[string]string{
		w.manifests(n): manifests(n),
		filepath.Join(w.addon(n), "addon.yaml"): fmt.Sprintf(`apiVersion: fitout.dev/v1alpha1
kind: Addon
name: %s
summary: objects to apply
role: dns
when: eq .name %[1]q
lifecycle: {support: [{kubernetes: %q, level: tested}]}
`, addonName(n), minor),
		filepath.Join(w.chart(n), "Chart.yaml"):                fmt.Sprintf("apiVersion: v2\nname: %s\nversion: 1.0.0\n", addonName(n)),
		filepath.Join(w.chart(n), "values.yaml"):               "images: {}\n",
		filepath.Join(w.chart(n), "templates", "objects.yaml"): manifests(n),
	})
}

// overlay lays a catalogue with nothing but the objects to apply over the source of fitout, so that the command itself is
// measured. It returns the file for the overlay flag of go build.
func (w workshop) overlay() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	const embed = "package %s\n\nimport \"embed\"\n\n//go:embed %s\nvar FS embed.FS\n"
	bundle := fmt.Sprintf("apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: %q\ntestedVersion: v%[1]s.0\naddons:\n", minor)
	for _, n := range w.sizes {
		bundle += fmt.Sprintf("  %s: {chart: \"1\", version: \"1\"}\n", addonName(n))
	}
	err = writeFiles(map[string]string{
		filepath.Join(w.dir, "addons", "addons.go"):    fmt.Sprintf(embed, "addons", "bench*"),
		filepath.Join(w.dir, "bundles", "bundles.go"):  fmt.Sprintf(embed, "bundles", minor+".yaml"),
		filepath.Join(w.dir, "bundles", minor+".yaml"): bundle,
	})
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for _, folder := range []string{"addons", "bundles"} {
		err := filepath.WalkDir(filepath.Join(w.dir, folder), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			relative, err := filepath.Rel(w.dir, path)
			replace[filepath.Join(root, relative)] = path
			return err
		})
		if err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(w.dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

func writeFiles(files map[string]string) error {
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
