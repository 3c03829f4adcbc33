package fieldrules

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"strings"
)

// storageClass is checked as in apis/storage/validation ValidateStorageClass.
func (c *checker) storageClass(o *storagev1.StorageClass) {
	if c.require(o.Provisioner != "", at("provisioner"), "") {
		c.messages(at("provisioner"), o.Provisioner, utilvalidation.IsQualifiedName(strings.ToLower(o.Provisioner)))
	}
	size := 0
	for key, text := range o.Parameters {
		c.require(key != "", at("parameters"), "give every parameter a name")
		size += len(key) + len(text)
	}
	if len(o.Parameters) > 512 {
		c.add(field.TooMany(at("parameters"), len(o.Parameters), 512))
	}
	if size > 256<<10 {
		c.add(field.TooLong(at("parameters"), "", 256<<10))
	}
	oneOf(c, value(o.ReclaimPolicy), at("reclaimPolicy"), corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRetain)
	oneOf(c, value(o.VolumeBindingMode), at("volumeBindingMode"), storagev1.VolumeBindingImmediate, storagev1.VolumeBindingWaitForFirstConsumer)
	for i, t := range o.AllowedTopologies {
		for j, e := range t.MatchLabelExpressions {
			path := at("allowedTopologies").Index(i).Child("matchLabelExpressions").Index(j)
			c.require(e.Key != "", path.Child("key"), "")
			c.require(len(e.Values) > 0, path.Child("values"), "")
			seen := map[string]bool{}
			for k, v := range e.Values {
				unique(c, seen, v, path.Child("values").Index(k))
			}
		}
	}
}

// csiDriver is checked as in apis/storage/validation ValidateCSIDriver.
func (c *checker) csiDriver(o *storagev1.CSIDriver) {
	oneOf(c, value(o.Spec.FSGroupPolicy), at("spec").Child("fsGroupPolicy"), storagev1.ReadWriteOnceWithFSTypeFSGroupPolicy, storagev1.FileFSGroupPolicy, storagev1.NoneFSGroupPolicy)
	for i, mode := range o.Spec.VolumeLifecycleModes {
		oneOfRequired(c, mode, at("spec").Child("volumeLifecycleModes").Index(i), storagev1.VolumeLifecyclePersistent, storagev1.VolumeLifecycleEphemeral)
	}
	audiences := map[string]bool{}
	for i, t := range o.Spec.TokenRequests {
		path := at("spec").Child("tokenRequests").Index(i)
		unique(c, audiences, t.Audience, path.Child("audience"))
		if t.ExpirationSeconds != nil {
			c.between(*t.ExpirationSeconds, 600, 1<<32, path.Child("expirationSeconds"))
		}
	}
}

// persistentVolume is checked as in apis/core/validation ValidatePersistentVolumeSpec.
func (c *checker) persistentVolume(o *corev1.PersistentVolume) {
	s, path := &o.Spec, at("spec")
	c.accessModes(s.AccessModes, path.Child("accessModes"))
	storage, given := s.Capacity[corev1.ResourceStorage]
	if c.require(given, path.Child("capacity").Key("storage"), "") && storage.Sign() <= 0 {
		c.add(field.Invalid(path.Child("capacity").Key("storage"), storage.String(), "must be greater than 0"))
	}
	if len(s.Capacity) > 1 {
		c.add(field.Forbidden(path.Child("capacity"), "keep storage only"))
	}
	oneOf(c, s.PersistentVolumeReclaimPolicy, path.Child("persistentVolumeReclaimPolicy"), corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRecycle, corev1.PersistentVolumeReclaimRetain)
	c.volumeMode(s.VolumeMode, path.Child("volumeMode"))
	if s.StorageClassName != "" {
		c.messages(path.Child("storageClassName"), s.StorageClassName, validation.NameIsDNSSubdomain(s.StorageClassName, false))
	}
	c.oneMember(&s.PersistentVolumeSource, path)
	affinity := s.NodeAffinity != nil && s.NodeAffinity.Required != nil
	if affinity {
		c.nodeSelector(s.NodeAffinity.Required, path.Child("nodeAffinity", "required"))
	}
	if s.NodeAffinity != nil {
		c.require(affinity, path.Child("nodeAffinity", "required"), "name the nodes, or remove nodeAffinity")
	}
	if s.HostPath != nil && s.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle && strings.Trim(s.HostPath.Path, "/.") == "" {
		c.add(field.Forbidden(path.Child("persistentVolumeReclaimPolicy"), "use Retain: the path is the root of the node"))
	}
	if s.Local != nil {
		c.require(s.Local.Path != "", path.Child("local", "path"), "")
		c.noBacksteps(s.Local.Path, path.Child("local", "path"))
		c.require(affinity, path.Child("nodeAffinity"), "name the node: the volume is local")
	}
	if s.HostPath != nil {
		c.hostPath(s.HostPath, path.Child("hostPath"))
	}
	if s.NFS != nil {
		c.nfs(s.NFS, path.Child("nfs"))
	}
	if s.CSI != nil {
		c.messages(path.Child("csi", "driver"), s.CSI.Driver, driverName(s.CSI.Driver))
		c.require(s.CSI.VolumeHandle != "", path.Child("csi", "volumeHandle"), "")
	}
}
