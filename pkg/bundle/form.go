package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/archive"
	"k8s.io/apimachinery/pkg/util/validation"
)

// A Form is what the objects of an addon are made from.
type Form string

// The forms. A chart of Fitout's kind keeps its rules (docs/addons.md); the others are taken as somebody else wrote them.
const (
	FitoutChart   Form = "chart"
	HelmChart     Form = "helm"
	Manifests     Form = "manifests"
	Kustomization Form = "kustomization"
)

// archiveSuffix ends the name of a chart that is packed.
const archiveSuffix = ".tgz"

// defaultNamespace is where addons live that do not say otherwise.
const defaultNamespace = "kube-system"

// Form returns what an entry's objects are made from, and the entry of the addon's folder that holds it.
func (e Entry) Form() (form Form, part string) {
	for _, f := range e.forms() {
		if f.part != "" {
			return f.form, f.part
		}
	}
	return FitoutChart, ""
}

type formPart struct {
	form Form
	part string
}

func (e Entry) forms() []formPart {
	return []formPart{{FitoutChart, e.Chart}, {HelmChart, e.Helm}, {Manifests, e.Manifests}, {Kustomization, e.Kustomization}}
}

// verifyForm checks what an entry's objects are made from, but for the contents.
func (c *Catalogue) verifyForm(name string, e Entry) []place {
	at := "addons." + name
	form, part := e.Form()
	var wrong []place
	add := func(field, problem string, args ...any) {
		wrong = append(wrong, place{at + "." + field, fmt.Errorf(problem, args...)})
	}
	given := 0
	for _, f := range e.forms() {
		if f.part != "" {
			given++
		}
	}
	packed := strings.HasSuffix(part, archiveSuffix)
	switch {
	case given == 0:
		add("chart", "is missing, and so are helm, manifests and kustomization; give one of them: what the objects are made from")
		return wrong
	case given > 1:
		add(string(form), "is not all that the objects are made from; keep one of chart, helm, manifests and kustomization")
	}
	if !partPattern.MatchString(part) {
		add(string(form), "is %q; give the name of a folder in addons/%s", part, name)
		return wrong
	}
	switch values := form == FitoutChart || form == HelmChart; {
	case !values && e.Values != "":
		add("values", "are for charts; write patches in their place")
	case form == FitoutChart && e.Namespace != "":
		add("namespace", "is for what others wrote; a chart of this kind names the namespace in its templates")
	case e.Namespace != "" && len(validation.IsDNS1123Label(e.Namespace)) > 0:
		add("namespace", "is %q; use lower-case letters, digits and dashes, 63 at the most", e.Namespace)
	case packed && form != HelmChart:
		add(string(form), "is an archive; unpack it, only charts of helm may be packed")
	case packed && !strings.HasPrefix(e.Digest, "sha256:"):
		add("digest", "is missing; write digest: sha256:... of %s (sha256sum prints it)", part)
	case !packed && e.Digest != "":
		add("digest", "is for an archive (%s), and %s is none; remove it", archiveSuffix, part)
	}
	if len(wrong) > 0 {
		return wrong
	}
	files, err := c.files(name, e)
	if err == nil && (form == FitoutChart || form == HelmChart) {
		_, err = fs.Stat(files, "Chart.yaml")
	}
	if err != nil {
		add(string(form), "cannot be read: %w", err)
	}
	return wrong
}

// files are what an entry's objects are made from. A packed chart is unpacked once.
func (c *Catalogue) files(addon string, e Entry) (fs.FS, error) {
	_, part := e.Form()
	p, err := c.from(addon, part)
	if err != nil {
		return nil, err
	}
	at := path.Join(addon, part)
	if !strings.HasSuffix(part, archiveSuffix) {
		if info, err := fs.Stat(p.files, at); err != nil || !info.IsDir() {
			return nil, errors.Join(err, fmt.Errorf("%s is no folder; give the name of a folder in addons/%s", part, addon))
		}
		return fs.Sub(p.files, at)
	}
	key := at + " " + e.Digest
	if files, ok := c.unpacked[key]; ok {
		return files, nil
	}
	data, err := fs.ReadFile(p.files, at)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); e.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("%s has the digest sha256:%x, and the bundle says %s; if the archive is the one that you want, write that digest", part, sum, e.Digest)
	}
	files, err := archive.Unpack(data, archive.Catalogue)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part, err)
	}
	if files, err = archive.Inside(files); err != nil {
		return nil, err
	}
	c.unpacked[key] = files
	return files, nil
}

// foreignValues are the values of an addon that somebody else wrote: a chart says itself what it makes of them. What its values.yaml
// does not list is a warning, since charts read values that they do not list; what has no chart has none.
func (r *resolution) foreignValues(a Addon, e Entry) (map[string]any, error) {
	given := r.out.Cluster.Addons[a.Name].Values
	form, part := e.Form()
	if form != HelmChart {
		if len(given) > 0 {
			r.fault("addons."+a.Name+".values", "are given, and "+a.Name+" is no chart", "use patches in their place")
		}
		return nil, nil
	}
	files, err := r.catalogue.files(a.Name, e)
	if err != nil {
		return nil, err
	}
	defaults, err := defaultsOf(files, path.Join(a.Name, part))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := defaults[name]; !known && name != "global" {
			r.out.Warnings = append(r.out.Warnings, fmt.Sprintf("%s: addons.%s.values.%s is not in values.yaml of its chart, which may not read it", a.Name, a.Name, name))
		}
	}
	values, err := expandValues(a.Name, e.Values, r.data)
	return merge(values, given), err
}
