package bundle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
)

// withStorage is the small catalogue with two CSI drivers, of which one is for the nodes of a cloud.
func withStorage() files {
	f := catalogueFiles()
	for name, detect := range map[string]string{"disk": "detect: {providerID: 'cloud://'}\n", "nfs": ""} {
		f["addons/"+name+"/addon.yaml"] = addonHeader + "name: " + name + "\nsummary: volumes\nrole: storage\n" + detect +
			"provides: [storage]\nlifecycle: {support: [{kubernetes: '1.36', level: tested}]}\n"
		f["addons/"+name+"/1/Chart.yaml"], f["addons/"+name+"/1/values.yaml"] = "name: "+name, "images: {}\n"
	}
	f["bundles/1.36.yaml"] += "  disk: {chart: '1', version: 1.0.0}\n  nfs: {chart: '1', version: 2.0.0}\n"
	return f.with("bundles/1.36.yaml", "{cni: cilium}", "{cni: cilium, csi: disk}")
}

func names(r *bundle.Resolved) string {
	var all []string
	for _, a := range r.Addons {
		all = append(all, a.Name)
	}
	return strings.Join(append(all, r.External...), " ")
}

func TestChoices(t *testing.T) {
	c := small(t, withStorage())
	for name, test := range map[string]struct{ text, want string }{
		"the defaults":            {"", "cilium disk dns proxy ingress"},
		"none provides it":        {"cni: none\ncsi: none", "dns proxy ingress network storage"},
		"by name":                 {"csi: nfs\ningress: web", "cilium dns nfs proxy web"},
		"by the other name":       {"csi: none\ningress: nginx", "cilium dns proxy web storage"},
		"a second CSI driver":     {"addons: {nfs: {enabled: true}}", "cilium disk dns nfs proxy ingress"},
		"one, and not the chosen": {"csi: none\naddons: {nfs: {enabled: true}}", "cilium dns nfs proxy ingress storage"},
		"brought by the user":     {"addons: {disk: {enabled: false}}", "cilium dns proxy ingress storage"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := resolve(t, c, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(r); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A name that no addon of the role has is refused with those that the minor has; nothing more is said of what it would provide.
func TestUnknownChoices(t *testing.T) {
	c := small(t, withStorage())
	for text, want := range map[string]string{
		"cni: cillium":                         `c.yaml:3: cni is "cillium"; did you mean cilium? Allowed: cilium, none`,
		"cni: dns":                             `c.yaml:3: cni is "dns"; use one of cilium, none`,
		"kubernetesVersion: 1.35\ncni: kube":   `c.yaml:4: cni is "kube"; use one of cilium, weave, none`,
		"csi: gone\ningress: haproxy":          "c.yaml:4: ingress is \"haproxy\"; use one of nginx, none\nc.yaml:3: csi is \"gone\"; did you mean none? Allowed: disk, nfs, none",
		"cni: weave":                           "c.yaml:3: cni asks for weave, which does not support Kubernetes 1.36; no release since 2021; use cilium or calico instead",
		"addons: {weave: {enabled: true}}":     "c.yaml:3: addons.weave.enabled is true, but cni does not choose weave; set cni instead",
		"addons: {web: {enabled: true}}\n#":    "c.yaml:3: addons.web.enabled is true, but ingress does not choose web; set ingress instead",
		"kubernetesVersion: 1.35\ncsi: disk\n": "c.yaml:4: csi asks for disk, which does not support Kubernetes 1.35",
	} {
		_, err := resolve(t, c, text)
		if err == nil || strings.TrimSuffix(err.Error(), "; ") != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestOffers(t *testing.T) {
	offers := small(t, withStorage()).Offers()
	want := []clusterfile.Choice{
		{Field: "cni", Default: "cilium", Options: []clusterfile.Option{{Name: "cilium"}}},
		{Field: "ingress", Default: "none", Options: []clusterfile.Option{{Name: "nginx"}}},
		{Field: "csi", Default: "disk", Options: []clusterfile.Option{{Name: "disk", ProviderID: "cloud://"}, {Name: "nfs"}}},
	}
	if diff := cmp.Diff(want, offers.Choices["1.36"]); diff != "" || offers.Newest != "1.36" {
		t.Error(offers.Newest, diff)
	}
}

func TestChoicesThatCannotBe(t *testing.T) {
	base := withStorage()
	const nfs, minor = "addons/nfs/addon.yaml", "bundles/1.36.yaml"
	for name, test := range map[string]struct {
		files files
		want  string
	}{
		"when of a role that is named":       {base.with(nfs, "provides:", "when: 'true'\nprovides:"), "nfs/addon.yaml:5: role is storage, whose addons csi in the cluster file names; remove when and chosenBy"},
		"no when of another role":            {base.with("addons/dns/addon.yaml", "when: 'true'\n", ""), "dns/addon.yaml: when is missing; add a template expression over the cluster file ('true': always)"},
		"detect of another role":             {base.with("addons/dns/addon.yaml", "when:", "detect: {providerID: x}\nwhen:"), "dns/addon.yaml:5: role is dns, whose addons no field of the cluster file names; remove alias and detect"},
		"provides nothing":                   {base.with(nfs, "provides: [storage]\n", ""), "nfs/addon.yaml:5: role is storage, but provides is empty; name what it provides, as other addons of the role do"},
		"provides another thing":             {base.with(nfs, "[storage]", "[volumes, storage]"), "nfs/addon.yaml:6: provides begins with volumes, but disk, of the same role, begins with storage; begin with what the role provides"},
		"a name that means none":             {base.with(nfs, "role:", "alias: none\nrole:"), "nfs/addon.yaml:3: name is none, which means no addon; give another name"},
		"the name of another":                {base.with(nfs, "role:", "alias: disk\nrole:"), "nfs/addon.yaml:3: name can be chosen as disk, and so can addon disk; give another name or alias"},
		"a default that is none of them":     {base.with(minor, "csi: disk", "csi: dsk"), `1.36.yaml:5: defaults.csi is "dsk"; did you mean disk? Allowed: disk, nfs, none`},
		"a default of what is not named":     {base.with(minor, "csi: disk", "dns: dns"), "1.36.yaml:5: defaults.dns names no addon in the cluster file; use cni, ingress, csi"},
		"a role that is no word":             {base.with("addons/dns/addon.yaml", "role: dns", "role: the DNS"), `dns/addon.yaml:5: role is "the DNS"; use lower-case letters, digits and dashes, 63 at the most`},
		"an alias that is no word":           {base.with(nfs, "role:", "alias: N F S\nrole:"), `nfs/addon.yaml:5: alias is "N F S"; use lower-case letters, digits and dashes, 63 at the most`},
		"a chart outside the addon's folder": {base.with(minor, "nfs: {chart: '1'", "nfs: {chart: ../disk/1"), `1.36.yaml:22: addons.nfs.chart is "../disk/1"; give the name of a folder in addons/nfs`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.files.load()
			if err == nil || !slices.Contains(strings.Split(err.Error(), "\n"), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
