package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

func TestUsesIn(t *testing.T) {
	got, err := usesIn(strings.NewReader(`# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="status",version="v1beta3"} 1
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="a",removed_release="1.32",resource="b",version="../../x"} 1
apiserver_request_total{code="200"} 7
`))
	want := []upgrade.DeprecatedUse{{Group: "flowcontrol.apiserver.k8s.io", Version: "v1beta3", Resource: "flowschemas", Removed: "1.32"}, {Version: "v1", Resource: "componentstatuses"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, error %v; want %v", got, err, want)
	}
	var flood strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&flood, "apiserver_requested_deprecated_apis{version=\"v1\",resource=\"r%d\"} 1\n", i)
	}
	if got, err := usesIn(strings.NewReader(flood.String())); err != nil || len(got) != maxUses {
		t.Errorf("%d uses of a flood, error %v", len(got), err)
	}
	if _, err := usesIn(strings.NewReader(strings.Repeat("a", 2<<20))); err == nil {
		t.Error("a line without an end is read to its end")
	}
}

func TestComponentsOf(t *testing.T) {
	objects, err := manifest.Parse("test", []byte(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [
	  {name: kube-scheduler, image: "registry:5000/kube-scheduler:v1.36.4@sha256:00"}, {name: other, image: "a:v1"}, {name: kube-apiserver, image: untagged}, 7]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []upgrade.Component{{Name: "kube-scheduler", Pod: "p", Version: "v1.36.4"}}
	if got := componentsOf(objects[0]); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
