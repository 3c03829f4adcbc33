package fitout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// planned is a plan of one object for an addon of a role, with the rules of the catalogue.
func planned(t *testing.T, role, addon, chosenBy string) *fitout.Plan {
	t.Helper()
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(t, []*manifest.Object{object(addon, "one", map[string]any{"key": "1"})})
	p.Rendering.Addons[0].Role, p.Rendering.Addons[0].ChosenBy = role, chosenBy
	p.Providers, p.Roles = catalogue.Providers(), map[string]string{addon: role}
	return p
}

// Another provider of a role refuses the run, unless it is ignored by name; what is recorded is not looked for again.
func TestSecondProvider(t *testing.T) {
	canal := parse(t, `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: canal, namespace: kube-system}, spec: {template: {spec: {containers: [{name: a, image: a}]}}}}`)
	p := planned(t, "cni", "cilium", "cni")
	m := newMemory()
	m.others = provider.Observed{Workloads: canal}
	_, err := apply(m, p, fitout.ApplyOptions{})
	var refused *fitout.RefusedError
	want := "refused, nothing was touched: DaemonSet kube-system/canal: a pod network is in the cluster already, and cilium would be a second one\n" +
		"keep it with cni: none in the cluster file, or remove it before you run this again; --ignore-existing cni installs cilium beside it"
	if !errors.As(err, &refused) || err.Error() != want || m.writes != 0 {
		t.Errorf("%d writes, error:\n%v\nwant:\n%s", m.writes, err, want)
	}
	mustApply(t, m, p, fitout.ApplyOptions{IgnoreExisting: []string{"cni"}}, "one created")
}

// What others have already is refused before anything is touched, with what keeps it.
func TestOthersKeepTheirs(t *testing.T) {
	for name, test := range map[string]struct{ cluster, objects, want, carried string }{
		"a network that replaces kube-proxy": {
			"cni: none\ncsi: none\n", `
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: kube-router, namespace: kube-system}, spec: {template: {spec: {containers: [{name: a, image: a, args: [--run-service-proxy]}]}}}}`,
			"DaemonSet kube-system/kube-router: kube-router serves Services already, and kube-proxy would serve them beside it\n" +
				"keep it with addons.kube-proxy.enabled: false in the cluster file, or remove it before you run this again; --ignore-existing proxy installs kube-proxy beside it",
			"addons:\n  kube-proxy:\n    enabled: false\n",
		},
		"the address of the cluster DNS": {
			"cni: none\ncsi: none\n", `
{apiVersion: v1, kind: Service, metadata: {name: resolver, namespace: infra}, spec: {clusterIP: 10.32.0.10}}`,
			"Service infra/resolver: a cluster DNS has the address that the kubelets were given for DNS, which no second Service can have\n" +
				"keep it with addons.coredns.enabled: false in the cluster file, or remove it before you run this again; --ignore-existing dns installs coredns beside it",
			"addons:\n  coredns:\n    enabled: false\n",
		},
		"another default StorageClass": {
			"cni: none\ncsi: scaleway-csi\n", `
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gp3, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: x}`,
			"StorageClass gp3: a StorageClass of another installer is the default already, and there would be two\n" +
				"keep it as the default with a value that makes none of the addon's the default (addons.scaleway-csi.values.defaultClass: none), or remove its annotation " +
				"storageclass.kubernetes.io/is-default-class; --ignore-existing storage installs scaleway-csi beside it", "",
		},
		"another default StorageClass, and none of ours": {
			"cni: none\ncsi: scaleway-csi\naddons: {scaleway-csi: {values: {defaultClass: none}}}\n", `
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gp3, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: x}`, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := newMemory(), planFor(t, test.cluster)
			for _, o := range parse(t, test.objects) {
				switch o.GetKind() {
				case "Service":
					m.others.Services = append(m.others.Services, o)
				case "StorageClass":
					m.others.StorageClasses = append(m.others.StorageClasses, o)
				default:
					m.others.Workloads = append(m.others.Workloads, o)
				}
			}
			_, err := apply(m, p, fitout.ApplyOptions{})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || err.Error() != "refused, nothing was touched: "+test.want || m.writes != 0):
				t.Errorf("%d writes, error:\n%v\nwant:\n%s", m.writes, err, test.want)
			}
			file, _, err := fitout.Adoptable(t.Context(), m, p)
			if err != nil {
				t.Fatal(err)
			}
			text, err := yaml.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(text); !strings.Contains(got, "cni: none\n") || !strings.Contains(got, test.carried) || test.carried == "" && strings.Contains(got, "enabled: false") {
				t.Errorf("adopt prints:\n%s\nwant in it:\n%s", got, test.carried)
			}
		})
	}
}

// A Cilium that replaces kube-proxy is adopted as one that does.
func TestAdoptedCiliumReplacesKubeProxy(t *testing.T) {
	m, p := newMemory(), planFor(t, "cni: cilium\ncsi: none\n")
	for _, o := range parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: cilium-config, namespace: kube-system, annotations: {meta.helm.sh/release-name: cilium}}, data: {kube-proxy-replacement: "true"}}`) {
		m.create(o, "helm")
	}
	file, objects, err := fitout.Adoptable(t.Context(), m, p)
	if err != nil || objects != 1 {
		t.Fatal(objects, err)
	}
	if diff := cmp.Diff(map[string]any{"enabled": false}, file["kubeProxy"]); diff != "" {
		t.Error(diff)
	}
}

func TestSecondProviderIsRecordedOnce(t *testing.T) {
	p := planned(t, "cni", "cilium", "cni")
	m := newMemory()
	mustApply(t, m, p, fitout.ApplyOptions{}, "one created")
	m.others.Workloads = parse(t, `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: canal, namespace: kube-system}}`)
	p.Rendering.Addons[0].Objects[0].Object["data"] = map[string]any{"key": "2"}
	p.Rendering.Digest = "abcdef"
	r, err := apply(m, p, fitout.ApplyOptions{})
	if err != nil || strings.Contains(actions(r), "failed") {
		t.Errorf("error %v, %s", err, actions(r))
	}
}

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
