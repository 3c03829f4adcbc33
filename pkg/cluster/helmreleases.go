package cluster

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// deployedReleases are the Secrets in which Helm 3 keeps the present revision of each release.
	deployedReleases = "owner=helm,status=deployed"
	// maxRelease bounds a release as JSON, in bytes: its chart is in it, whose files Helm takes up to 5 MiB each.
	maxRelease = 16 << 20
	// mostReleases bounds how many releases are looked into.
	mostReleases = 1000
	// mostKinds bounds how many different kinds are read of one release.
	mostKinds = 200
)

// helmReleases reads which kinds the releases of Helm hold objects of, and in which versions. Each Secret is read and left; one
// that cannot be read is told of, since anybody may have written it.
func (c *Client) helmReleases(ctx context.Context) (releases []upgrade.Release, err error) {
	broken := ""
	_, err = c.listOne(ctx, collection{gvr: core("secrets"), selector: deployedReleases, keep: func(o *manifest.Object) bool {
		release, err := releaseOf(o)
		switch {
		case err != nil:
			broken = fmt.Sprintf("Secret %s/%s is no release of Helm that can be read: %v", o.GetNamespace(), o.GetName(), err)
		case len(releases) < mostReleases:
			releases = append(releases, release)
		default:
			broken = fmt.Sprintf("there are more than %d releases of Helm", mostReleases)
		}
		return false
	}})
	if err == nil && broken != "" {
		err = fmt.Errorf("%s", broken)
	}
	return releases, err
}

// releaseOf reads the kinds of a release: gzip in base64, as data of a Secret in base64 once more (Helm 3, pkg/storage/driver).
func releaseOf(o *manifest.Object) (upgrade.Release, error) {
	r := upgrade.Release{Namespace: o.GetNamespace(), Name: o.GetLabels()["name"]}
	data, _, err := unstructured.NestedString(o.Object, "data", "release")
	if err != nil {
		return r, err
	}
	packed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return r, err
	}
	inflated, err := manifest.Inflate(string(packed), maxRelease)
	if err != nil {
		return r, err
	}
	var release struct {
		Manifest string `json:"manifest"`
	}
	if err := json.NewDecoder(inflated).Decode(&release); err != nil {
		return r, err
	}
	r.Kinds = kindsIn(release.Manifest)
	return r, nil
}

// kindsIn returns the kinds of the documents of a manifest. It reads lines, not YAML: what Helm has rendered has both fields at the
// beginning of lines, and what somebody else has written must not cost more than that.
func kindsIn(text string) []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	seen := map[schema.GroupVersionKind]bool{}
	apiVersion, kind := "", ""
	take := func() {
		gv, err := schema.ParseGroupVersion(apiVersion)
		gvk := gv.WithKind(kind)
		if err == nil && kind != "" && apiVersion != "" && !seen[gvk] && len(all) < mostKinds {
			seen[gvk], all = true, append(all, gvk)
		}
		apiVersion, kind = "", ""
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "---") {
			take()
		}
		if value, ok := strings.CutPrefix(line, "apiVersion:"); ok {
			apiVersion = scalar(value)
		} else if value, ok := strings.CutPrefix(line, "kind:"); ok {
			kind = scalar(value)
		}
	}
	take()
	return all
}

// scalar is a value of one word without its quotes and the comment after it.
func scalar(value string) string {
	value, _, _ = strings.Cut(value, " #")
	return strings.Trim(strings.TrimSpace(value), `"'`)
}
