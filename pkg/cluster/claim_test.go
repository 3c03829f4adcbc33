package cluster_test

import (
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
)

// claim wants what is seen of a claim to be what there is: one of a class that makes nothing, which is then bound to a volume
// that somebody made, mounted on a simulated node, and removed.
func (f *fixture) claim(o probe.Options) {
	f.Helper()
	f.create(`
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: by-hand}
provisioner: kubernetes.io/no-provisioner
`)
	pod, err := o.ClaimPod("first", []string{"node-2", "node-1"})
	if err != nil {
		f.Fatal(err)
	}
	claim := o.Claim("by-hand")
	if err := f.client.StartProbe(f.Context(), []*manifest.Object{claim, pod}); err != nil {
		f.Fatal(err)
	}
	f.sees(o, "unbound", func(s probes.ClaimState) bool {
		return strings.HasPrefix(s.NotBound(), "the claim is Pending: ProvisioningFailed: ") && s.Volume == nil && s.Pod != nil
	})
	f.create(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: by-hand}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 2Gi}
  storageClassName: by-hand
  persistentVolumeReclaimPolicy: Delete
  hostPath: {path: /srv/by-hand}
`)
	f.sees(o, "mounted", func(s probes.ClaimState) bool {
		return s.NotBound() == "" && s.Volume.Name == "by-hand" && s.Pod.Spec.NodeName != "" && probes.Survey{}.NotMounted(s) == ""
	})
	for range 2 { // the second time there is nothing left
		for _, o := range []*manifest.Object{claim, pod} {
			if err := f.client.RemoveObject(f.Context(), o); err != nil {
				f.Fatal(err)
			}
		}
	}
	// Its deletion is refused: such a path is nothing that Kubernetes deletes (pkg/volume/hostpath).
	f.sees(o, "left behind", func(s probes.ClaimState) bool {
		return s.StillMounted() == "" && s.Claim == nil && strings.HasPrefix(s.Remains(), "volume by-hand is still there, Failed: VolumeFailedDelete: ")
	})
}

// sees waits until what is seen of the claim is as wanted.
func (f *fixture) sees(o probe.Options, name string, wanted func(probes.ClaimState) bool) {
	f.Helper()
	var last probes.ClaimState
	for range 150 {
		s, err := f.client.Claim(f.Context(), o.Namespace(), f.volume, "first")
		if err != nil {
			f.Fatal(err)
		}
		if last = s; s.Volume != nil {
			f.volume = s.Volume.Name
		}
		if wanted(s) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	f.Errorf("%s: unbound %q, held %q, remains %q, volume %v", name, last.NotBound(), last.StillMounted(), last.Remains(), last.Volume)
}
