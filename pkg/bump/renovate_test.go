package bump_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// preset is the part of Renovate's preset that is applied here.
type preset struct {
	CustomManagers []struct {
		ManagerFilePatterns []string `json:"managerFilePatterns"`
		MatchStrings        []string `json:"matchStrings"`
	} `json:"customManagers"`
}

// Renovate's preset in the root of the repository finds every image of every bundle once, and nothing else.
func TestRenovatePreset(t *testing.T) {
	text, err := os.ReadFile("../../default.json")
	if err != nil {
		t.Fatal(err)
	}
	var p preset
	if err := json.Unmarshal(text, &p); err != nil || len(p.CustomManagers) != 1 || len(p.CustomManagers[0].MatchStrings) != 1 {
		t.Fatalf("%v %+v", err, p)
	}
	files := regexp.MustCompile(strings.Trim(p.CustomManagers[0].ManagerFilePatterns[0], "/"))
	if !files.MatchString("bundles/1.36.yaml") || !files.MatchString("own/bundles/1.40.yaml") || files.MatchString("bundles/bundles.go") || files.MatchString("addons/coredns/addon.yaml") {
		t.Error(files)
	}
	matches := regexp.MustCompile("(?m)" + p.CustomManagers[0].MatchStrings[0]) // Renovate's flags are gm
	all, err := filepath.Glob("../../bundles/*.yaml")
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b bundle.Bundle
		if _, err := strictyaml.Decode(file, text, &b); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		add := func(written string) {
			if r, err := image.Parse(written); err == nil { // not of a template
				name, _, _ := strings.Cut(written, ":"+r.Tag)
				want[name+" "+r.Tag+" "+r.Digest]++
			}
		}
		for _, n := range b.NodeImages {
			add(n.Image)
		}
		for _, entry := range b.Addons {
			for _, written := range entry.Images {
				add(written)
			}
		}
		for _, m := range matches.FindAllStringSubmatch(string(text), -1) {
			want[m[matches.SubexpIndex("depName")]+" "+m[matches.SubexpIndex("currentValue")]+" "+m[matches.SubexpIndex("currentDigest")]]--
		}
		for found, difference := range want {
			if difference != 0 {
				t.Errorf("%s: %s stands there %d times more than Renovate finds it", file, found, difference)
			}
		}
	}
}
