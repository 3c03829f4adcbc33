//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A store is a StorageClass of the bed with one volume, made by hand.
type store struct {
	name   string
	mode   string // volumeBindingMode
	policy string // of the volume
	source object // of the volume: hostPath or local
	nodes  []string
}

// classes is the collection of StorageClasses.
const (
	classes = "/apis/storage.k8s.io/v1/storageclasses"
	volumes = "/api/v1/persistentvolumes"
)

// claims tries claims with real volumes: directories that both nodes see, and such that break in the ways of real disks. What
// the cloud's driver would do, make and delete volumes, is done by hand here, and by Kubernetes itself for paths in /tmp.
func (f *fixture) claims(t *testing.T) {
	f.loadProbeImage(t)
	shared := filepath.Join(f.bed.Dir, "shared") // the one folder that is the same on both nodes
	for _, test := range []struct {
		store
		prepare string // run on both nodes before
		verdict string
		says    []string
		never   string
	}{
		{store{"good", "WaitForFirstConsumer", "Retain", object{"local": object{"path": shared}}, f.nodes()}, "", "good",
			[]string{"class good: created, mounted on node-", "let go on node-2, mounted on node-1|let go on node-1, mounted on node-2", "deleted after", "volume good stays, since its policy is Retain"}, "no other node"},
		{store{"at-once", "Immediate", "Delete", object{"hostPath": object{"path": "/tmp/at-once", "type": "DirectoryOrCreate"}}, []string{"node-1"}}, "mkdir -p -m 777 /tmp/at-once", "good",
			[]string{"created, bound after", "mounted on node-1", "deleted after", "the volume can be on no other node"}, "stays"},
		{store{"own", "Immediate", "Retain", object{"hostPath": object{"path": "/tmp/own"}}, nil}, "mkdir -p -m 777 /tmp/own", "failed",
			[]string{"not read on node-", "what was written is lost: open /volume/fitout-probe-", "no such file or directory"}, ""},
		{store{"read-only", "Immediate", "Retain", object{"hostPath": object{"path": "/tmp/ro"}}, nil}, "mkdir -p /tmp/ro; mountpoint -q /tmp/ro || mount -t tmpfs -o ro tmpfs /tmp/ro", "failed",
			[]string{"not written on node-", "read-only file system"}, ""},
		{store{"stays", "Immediate", "Delete", object{"hostPath": object{"path": "/srv/held"}}, []string{"node-1"}}, "mkdir -p -m 777 /srv/held", "failed",
			[]string{"not deleted: not within 2m0s: volume stays is still there, Failed: VolumeFailedDelete: ", "deleter only supports /tmp"}, ""},
		{store{"no-path", "Immediate", "Retain", object{"hostPath": object{"path": "/tmp/none", "type": "Directory"}}, nil}, "", "failed",
			[]string{"not mounted on node-", "FailedMount: MountVolume.SetUp failed", "/tmp/none is not a directory"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &wreck{T: t, f: f}
			defer w.mend()
			for _, node := range f.nodes() {
				f.sh(t, node, "mkdir -p "+shared+"; "+test.prepare)
			}
			w.store(test.store)
			f.claimed(t, test.name, test.verdict, test.never, test.says...)
		})
	}
	t.Run("killed", f.claimKilled)
	t.Run("no provisioner", func(t *testing.T) { // the default class is the cloud's, which has none here
		f.claimed(t, "", "failed", "mounted on node-1 after", "default class scw-bssd: not mounted", "not within 2m0s: the claim is Pending: ExternalProvisioning: ", "csi.scaleway.com")
	})
	if left, err := os.ReadDir(shared); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

// claimKilled kills a check in the middle of a claim and wants claim and volume to go all the same.
func (f *fixture) claimKilled(t *testing.T) {
	w := &wreck{T: t, f: f}
	defer w.mend()
	f.sh(t, "node-1", "mkdir -p -m 777 /tmp/killed")
	w.store(store{"killed", "Immediate", "Delete", object{"hostPath": object{"path": "/tmp/killed"}}, []string{"node-1"}})
	check := f.command(t.Context(), "check", "--probe", "--probe-image", probeImage, "--only", "storage-claim", "--probe-storage=killed")
	if err := check.Start(); err != nil {
		t.Fatal(err)
	}
	defer check.Wait() //nolint:errcheck // it was killed
	phase := func(ctx context.Context) (string, error) {
		var volume struct{ Status struct{ Phase string } }
		err := f.bed.Get(ctx, volumes+"/killed", &volume)
		return volume.Status.Phase, err
	}
	eventually(t, time.Minute, func(ctx context.Context) string {
		if now, err := phase(ctx); now != "Bound" {
			return fmt.Sprintf("the volume is %s: %v", now, err)
		}
		return ""
	})
	if err := check.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func(ctx context.Context) string {
		if now, err := phase(ctx); err == nil || !strings.Contains(err.Error(), "404") {
			return fmt.Sprintf("the volume is still there, %s: %v", now, err)
		}
		return ""
	})
}

// store creates a class and its volume, and removes them later.
func (w *wreck) store(s store) {
	w.create(classes, object{
		"metadata": object{"name": s.name}, "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": s.mode,
	})
	spec := object{
		"accessModes": []any{"ReadWriteOnce"}, "capacity": object{"storage": "2Gi"}, "storageClassName": s.name, "persistentVolumeReclaimPolicy": s.policy,
	}
	for kind, source := range s.source {
		spec[kind] = source
	}
	if s.nodes != nil {
		spec["nodeAffinity"] = object{"required": object{"nodeSelectorTerms": []any{object{"matchExpressions": []any{
			object{"key": "kubernetes.io/hostname", "operator": "In", "values": s.nodes},
		}}}}}
	}
	w.do(http.MethodPost, volumes, object{"metadata": object{"name": s.name}, "spec": spec}, nil)
	w.later(func() { w.f.bed.Do(w.Context(), http.MethodDelete, volumes+"/"+s.name, nil, nil) }) //nolint:errcheck // some are gone with their claim
}

// claimed makes a claim and wants its row to say all parts, of each one of the alternatives.
func (f *fixture) claimed(t *testing.T, class, verdict, never string, says ...string) {
	t.Helper()
	ask := "--probe-storage"
	if class != "" {
		ask += "=" + class
	}
	out, _ := f.command(t.Context(), "check", "--probe", "--probe-image", probeImage, "--only", "storage-claim", ask, "-o", "json").Output()
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, row := range r.Checks {
		if row.Check != "storage-claim" {
			continue
		}
		t.Logf("%s: %s", row.Verdict, row.Detail)
		if row.Verdict != verdict || never != "" && strings.Contains(row.Detail, never) {
			t.Errorf("%s, not %s", row.Verdict, verdict)
		}
		for _, part := range says {
			if one, other, _ := strings.Cut(part, "|"); !strings.Contains(row.Detail, one) && (other == "" || !strings.Contains(row.Detail, other)) {
				t.Errorf("does not say %q", part)
			}
		}
		return
	}
	t.Errorf("there is no row of the claim: %s", out)
}

// TestClaim makes claims on a real cluster. Faults that only time tells take minutes, so it runs when FITOUT_CLAIM
// names the Kubernetes minor: `make claims`.
func TestClaim(t *testing.T) {
	minor := os.Getenv("FITOUT_CLAIM")
	if minor == "" {
		t.Skip("FITOUT_CLAIM is not set: make claim sets it")
	}
	f := startBed(t, minor, "flannel")
	f.run(t, "up")
	f.claims(t)
}
