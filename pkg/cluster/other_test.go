package cluster_test

import (
	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// patchAsOther merges an object into the live one under another field manager.
func patchAsOther(f *fixture, o *manifest.Object) {
	f.Helper()
	client, err := dynamic.NewForConfig(f.config)
	if err != nil {
		f.Fatal(err)
	}
	gvr, _, err := f.kinds.Of(o)
	if err != nil {
		f.Fatal(err)
	}
	body, err := o.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	_, err = client.Resource(gvr).Namespace(o.GetNamespace()).Patch(f.Context(), o.GetName(), types.MergePatchType, body, metav1.PatchOptions{FieldManager: "somebody"})
	if err != nil {
		f.Fatal(err)
	}
}
