// Package bump edits the bundles of a catalogue as a maintainer would: another version of an addon, the tags of its images and
// their digests, and nothing else of the text.
package bump

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/version"
)

// An Edit is what was changed in one bundle.
type Edit struct {
	Minor    string
	From, To string // version of the addon
	Images   []Image
}

// An Image is a reference that was changed.
type Image struct{ Name, From, To string }

// A Bundle edits the text of a bundle: the addon's version, and every image whose tag has it. digest gives the digest of a new
// reference; an empty one leaves it without. Nothing is changed where the bundle has the addon in no older version of the same
// release line (1.14 of 1.14.7), unless any is true.
func Bundle(file string, text []byte, addon, to string, anyLine bool, digest func(image.Reference) (string, error)) ([]byte, *Edit, error) {
	var b bundle.Bundle
	lines, err := strictyaml.Decode(file, text, &b)
	if err != nil {
		return nil, nil, err
	}
	entry, ok := b.Addons[addon]
	if !ok || !follows(entry.Version, to, anyLine) {
		return text, nil, nil
	}
	edit := &Edit{Minor: b.Kubernetes, From: entry.Version, To: to}
	all := strings.SplitAfter(string(text), "\n")
	at := "addons." + addon + "."
	if err := replace(all, lines[at+"version"], entry.Version, to); err != nil {
		return nil, nil, fmt.Errorf("%s: %sversion: %w", file, at, err)
	}
	for _, name := range slices.Sorted(maps.Keys(entry.Images)) {
		other, err := bumped(entry.Images[name], entry.Version, to, digest)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %simages.%s: %w", file, at, name, err)
		}
		if other == entry.Images[name] {
			continue
		}
		if err := replace(all, lines[at+"images."+name], entry.Images[name], other); err != nil {
			return nil, nil, fmt.Errorf("%s: %simages.%s: %w", file, at, name, err)
		}
		edit.Images = append(edit.Images, Image{name, entry.Images[name], other})
	}
	if len(edit.Images) == 0 && len(entry.Images) > 0 {
		return nil, nil, fmt.Errorf("%s: no image of %s has %s in its tag; edit the bundle by hand", file, addon, entry.Version)
	}
	return []byte(strings.Join(all, "")), edit, nil
}

// replace replaces a text in one line.
func replace(lines []string, number int, from, to string) error {
	if number < 1 || number > len(lines) || strings.Count(lines[number-1], from) != 1 {
		return fmt.Errorf("%s does not stand once in line %d; edit the bundle by hand", from, number)
	}
	lines[number-1] = strings.Replace(lines[number-1], from, to, 1)
	return nil
}

// bumped is an image reference with the new version in its tag; the same one if its tag has not the old one.
func bumped(text, from, to string, digest func(image.Reference) (string, error)) (string, error) {
	if strings.Contains(text, "{{") {
		return text, nil
	}
	r, err := image.Parse(text)
	if err != nil {
		return "", err
	}
	if !strings.Contains(r.Tag, from) {
		return text, nil
	}
	name, _, _ := strings.Cut(text, "@")
	i := strings.LastIndex(name, r.Tag)
	r.Tag, r.Digest = strings.Replace(r.Tag, from, to, 1), ""
	sum, err := digest(r)
	if err != nil {
		return "", err
	}
	if name = name[:i] + r.Tag; sum != "" {
		name += "@" + sum
	}
	return name, nil
}

// follows reports whether a version is older than another, and of its release line.
func follows(from, to string, anyLine bool) bool {
	a, err := version.ParseGeneric(from)
	b, err2 := version.ParseGeneric(to)
	if err != nil || err2 != nil || !a.LessThan(b) {
		return false
	}
	return anyLine || a.Major() == b.Major() && a.Minor() == b.Minor()
}

// Verify checks a version that somebody wants.
func Verify(to string) error {
	if v, err := version.ParseSemantic(to); err != nil || v.String() != to {
		return errors.Join(fmt.Errorf("%q is no exact version; give one such as 1.14.7", strictyaml.Clip(to)))
	}
	return nil
}

// Newer returns the newest tag of the same release line as a tag, and the newest of all; empty where none is newer. Tags of
// another form (a suffix, a pre-release) do not count.
func Newer(tag string, tags []string) (patch, newest string) {
	for _, other := range tags {
		if form(other) != form(tag) {
			continue
		}
		if follows(tag, other, false) && (patch == "" || follows(patch, other, false)) {
			patch = other
		}
		if follows(tag, other, true) && (newest == "" || follows(newest, other, true)) {
			newest = other
		}
	}
	return patch, newest
}

// form is a tag with every number as 0: v1.14.2 is v0.0.0.
func form(tag string) string {
	var out strings.Builder
	digit := false
	for _, r := range tag {
		if is := r >= '0' && r <= '9'; !is {
			out.WriteRune(r)
			digit = false
		} else if !digit {
			out.WriteByte('0')
			digit = true
		}
	}
	return out.String()
}
