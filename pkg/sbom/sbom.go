// Package sbom lists the parts of what a cluster gets, and of the program itself, as a bill of materials in CycloneDX 1.6. The same input gives
// the same bytes: there is no time in it, and its serial number comes from its parts. What is inside an image is the publisher's to list.
package sbom

import (
	"cmp"
	"io"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/uuid"
)

// OfCluster lists the addons of a rendering and the images of its list.
func OfCluster(cluster string, r *render.Rendering, l *imagelist.List, fitout string) *cdx.BOM {
	root := cdx.Component{BOMRef: "bundle", Type: cdx.ComponentTypePlatform, Name: cluster, Version: r.Bundle,
		Hashes: hashes(r.Digest), Properties: &[]cdx.Property{{Name: "fitout:digest", Value: r.Digest}}}
	b := begun(root, fitout)
	dependencies := map[string][]string{"bundle": nil}
	for _, a := range r.Addons {
		ref := "addon:" + a.Name
		*b.Components = append(*b.Components, cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeApplication, Name: a.Name, Version: a.Version,
			Description: a.Summary, Hashes: hashes(a.Digest), Properties: &[]cdx.Property{{Name: "fitout:chart", Value: a.Line}, {Name: "fitout:role", Value: a.Role}}})
		dependencies["bundle"] = append(dependencies["bundle"], ref)
		dependencies[ref] = nil
	}
	for _, i := range l.Images {
		ref := packageURL(i.Reference)
		*b.Components = append(*b.Components, cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeContainer, Name: i.Reference.Repository(), Version: cmp.Or(i.Reference.Tag, i.Digest),
			PackageURL: ref, Hashes: hashes(i.Digest)})
		dependencies[ref] = nil
		if i.Source != imagelist.OfAddon {
			dependencies["bundle"] = append(dependencies["bundle"], ref)
		}
		for _, u := range i.Uses {
			if of := "addon:" + u.Addon; !slices.Contains(dependencies[of], ref) {
				dependencies[of] = append(dependencies[of], ref)
			}
		}
	}
	return finished(b, dependencies)
}

// OfProgram lists the modules that a program was built from.
func OfProgram(info *debug.BuildInfo, version string) *cdx.BOM {
	root := cdx.Component{BOMRef: "program", Type: cdx.ComponentTypeApplication, Name: "fitout", Version: version, PackageURL: "pkg:golang/" + info.Main.Path + "@" + version}
	b := begun(root, version)
	dependencies := map[string][]string{"program": nil}
	for _, m := range append([]*debug.Module{{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}}, info.Deps...) {
		if m.Replace != nil {
			m = m.Replace
		}
		ref := "pkg:golang/" + m.Path + "@" + m.Version
		*b.Components = append(*b.Components, cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: ref})
		dependencies["program"] = append(dependencies["program"], ref)
		dependencies[ref] = nil
	}
	return finished(b, dependencies)
}

func begun(root cdx.Component, fitout string) *cdx.BOM {
	b := cdx.NewBOM()
	b.SpecVersion = cdx.SpecVersion1_6
	b.JSONSchema = "http://cyclonedx.org/schema/bom-1.6.schema.json"
	b.Metadata = &cdx.Metadata{Component: &root, Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "fitout", Version: fitout}}}}
	b.Components = &[]cdx.Component{}
	return b
}

// finished sorts the parts, and numbers the bill by them.
func finished(b *cdx.BOM, dependencies map[string][]string) *cdx.BOM {
	slices.SortFunc(*b.Components, func(a, c cdx.Component) int { return cmp.Compare(a.BOMRef, c.BOMRef) })
	var all []cdx.Dependency
	text := b.Metadata.Component.Name + " " + b.Metadata.Component.Version
	for _, c := range append([]cdx.Component{*b.Metadata.Component}, *b.Components...) {
		on := dependencies[c.BOMRef]
		slices.Sort(on)
		all = append(all, cdx.Dependency{Ref: c.BOMRef, Dependencies: &on})
		text += "\n" + c.BOMRef + " " + c.Version + " " + strings.Join(on, " ")
		if c.Hashes != nil {
			text += " " + (*c.Hashes)[0].Value
		}
	}
	b.Dependencies = &all
	b.SerialNumber = "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(text)).String()
	return b
}

// hashes is a digest (sha256:...) as CycloneDX has it; nil where there is none.
func hashes(digest string) *[]cdx.Hash {
	value, ok := strings.CutPrefix(digest, "sha256:")
	if !ok {
		return nil
	}
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: value}}
}

// packageURL is the package URL of an image (package-url/purl-spec, types/oci): by digest where it is known, with the tag beside it.
func packageURL(r image.Reference) string {
	query := url.Values{"repository_url": {r.Repository()}}
	if r.Tag != "" {
		query.Set("tag", r.Tag)
	}
	name := "pkg:oci/" + path.Base(r.Path)
	if r.Digest != "" {
		name += "@" + url.QueryEscape(r.Digest)
	}
	return name + "?" + query.Encode()
}

// Write writes a bill as JSON.
func Write(w io.Writer, b *cdx.BOM) error {
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(b)
}
