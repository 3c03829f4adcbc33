package imagelist

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/printable"
	"sigs.k8s.io/yaml"
)

// Text writes a reference per line, as crane, skopeo, hauler and docker take them: by digest where it is known, because some of
// them refuse a reference with both; by tag where byTag is set.
func Text(w io.Writer, l *List, byTag bool) error {
	for _, i := range l.Images {
		ref := i.Reference
		ref.Digest = i.Digest
		if byTag && ref.Tag != "" {
			ref.Digest = ""
		}
		if _, err := printable.Fprintln(w, ref.Name()); err != nil {
			return err
		}
	}
	return nil
}

// Table writes a list for people.
func Table(w io.Writer, l *List) error {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	printable.Fprintf(tab, "IMAGE\tDIGEST\tPLATFORMS\tUSED BY\n")
	for _, i := range l.Images {
		ref := i.Reference
		ref.Digest = ""
		name := ref.String()
		if ref.Tag == "" {
			name = ref.Repository()
		}
		digest := i.Digest
		if len(digest) > 19 {
			digest = digest[:19]
		}
		printable.Fprintf(tab, "%s\t%s\t%s\t%s\n", name, cmp.Or(digest, "-"), cmp.Or(strings.Join(i.Platforms, ","), "-"), i.by())
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return l.tellUnpinned(w)
}

func (l *List) tellUnpinned(w io.Writer) error {
	unpinned := l.Unpinned()
	if len(unpinned) == 0 {
		return nil
	}
	_, err := printable.Fprintf(w, "\n%d of %d images have no digest in their bundle: --resolve asks their registries\n", len(unpinned), len(l.Images))
	return err
}

// JSON writes a list for machines.
func JSON(w io.Writer, l *List) error { return printable.JSON(w, l, "  ") }

// Lock writes a list as an ImagesLock, which imgpkg and kbld of Carvel read (https://carvel.dev/imgpkg/docs/latest/resources/).
// The error names the images without a digest.
func Lock(w io.Writer, l *List) error {
	type locked struct {
		Image       string            `json:"image"`
		Annotations map[string]string `json:"annotations"`
	}
	if unpinned := l.Unpinned(); len(unpinned) > 0 {
		return fmt.Errorf("no digest is known of %s; a lock wants one for each image: add --resolve, which asks their registries", strings.Join(unpinned, ", "))
	}
	images := []locked{}
	for _, i := range l.Images {
		ref := i.Reference
		ref.Digest = i.Digest
		images = append(images, locked{Image: ref.Name(), Annotations: map[string]string{"kbld.carvel.dev/id": i.Image}})
	}
	text, err := yaml.Marshal(map[string]any{"apiVersion": "imgpkg.carvel.dev/v1alpha1", "kind": "ImagesLock", "images": images})
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
