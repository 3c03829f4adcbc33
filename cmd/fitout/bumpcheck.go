package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/bump"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/catalogue"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/cli-runtime/pkg/printers"
)

// tagsKept is how long the tags of a repository are taken from the cache.
const tagsKept = time.Hour

// newer lists which images of the bundles have newer tags. Each repository is asked once, one after the other, and not again within
// an hour.
func (o *bumpOptions) newer(ctx context.Context) error {
	files, err := o.files()
	if err != nil {
		return err
	}
	client, tags := o.client(ctx), map[string][]string{}
	w := printers.GetNewTabWriter(o.streams.Out)
	columns(w, []string{"BUNDLE", "ADDON", "IMAGE", "HAS", "PATCH", "NEWEST"})
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var b bundle.Bundle
		if _, err := strictyaml.Decode(file, text, &b); err != nil {
			return err
		}
		for _, r := range imagesOf(b) {
			repository := r.Repository()
			if _, asked := tags[repository]; !asked {
				if tags[repository], err = keptTags(repository, func() ([]string, error) { return client.Tags(r.Reference) }); err != nil {
					return err
				}
			}
			if patch, newest := bump.Newer(r.Tag, tags[repository]); newest != "" {
				columns(w, []string{b.Kubernetes, r.addon, repository, r.Tag, orNone(patch), newest})
			}
		}
	}
	return w.Flush()
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// bundleImage is an image of an addon of a bundle.
type bundleImage struct {
	image.Reference
	addon string
}

// imagesOf are the images of a bundle, but for those whose tag follows the cluster.
func imagesOf(b bundle.Bundle) []bundleImage {
	var all []bundleImage
	for _, addon := range slices.Sorted(maps.Keys(b.Addons)) {
		images := b.Addons[addon].Images
		for _, name := range slices.Sorted(maps.Keys(images)) {
			if r, err := image.Parse(images[name]); err == nil && !strings.Contains(images[name], "{{") {
				all = append(all, bundleImage{r, addon})
			}
		}
	}
	return all
}

// keptTags returns the tags of a repository from the user's cache, or asks for them.
func keptTags(repository string, ask func() ([]string, error)) ([]string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("%w; set XDG_CACHE_HOME to a folder that is kept", err)
	}
	_, sum, _ := strings.Cut(catalogue.DigestOf([]byte(repository)), ":")
	file := filepath.Join(dir, "fitout", "tags", sum+".json")
	var tags []string
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) < tagsKept {
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &tags) == nil {
			return tags, nil
		}
	}
	if tags, err = ask(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(tags)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return tags, os.WriteFile(file, text, 0o644)
}
