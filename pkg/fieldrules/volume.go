package fieldrules

import (
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// volumes checks the volumes of a pod and returns their names (apis/core/validation ValidateVolumes).
func (c *checker) volumes(all []corev1.Volume, path *field.Path) map[string]bool {
	names := map[string]bool{}
	for i := range all {
		v := &all[i]
		at := path.Index(i)
		if c.require(v.Name != "", at.Child("name"), "") {
			c.messages(at.Child("name"), v.Name, utilvalidation.IsDNS1123Label(v.Name))
			unique(c, names, v.Name, at.Child("name"))
		}
		if set := members(&v.VolumeSource); len(set) > 1 { // without any it is an emptyDir
			c.add(field.Forbidden(at.Child(set[1]), "keep one source of the volume only"))
		}
		c.volumeSource(&v.VolumeSource, at)
	}
	return names
}

// members returns the JSON names of the pointers in a struct that are set.
func members(structure any) []string {
	v := reflect.ValueOf(structure).Elem()
	var set []string
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			set = append(set, name)
		}
	}
	return set
}

// oneMember wants exactly one of the pointers in a struct to be set, and reports whether one is.
func (c *checker) oneMember(structure any, path *field.Path) bool {
	set := members(structure)
	switch {
	case len(set) == 0:
		c.add(field.Required(path, "give one of its fields"))
	case len(set) > 1:
		c.add(field.Forbidden(path.Child(set[1]), "keep one of "+strings.Join(set, " and ")))
	}
	return len(set) > 0
}

// volumeSource checks the sources that are in use today (apis/core/validation validateVolumeSource).
func (c *checker) volumeSource(s *corev1.VolumeSource, path *field.Path) {
	if s.EmptyDir != nil && s.EmptyDir.SizeLimit != nil && s.EmptyDir.SizeLimit.Sign() < 0 {
		c.add(field.Invalid(path.Child("emptyDir", "sizeLimit"), s.EmptyDir.SizeLimit.String(), "must be at least 0"))
	}
	if s.HostPath != nil {
		c.hostPath(s.HostPath, path.Child("hostPath"))
	}
	if s.ConfigMap != nil {
		at := path.Child("configMap")
		c.require(s.ConfigMap.Name != "", at.Child("name"), "")
		c.mode(s.ConfigMap.DefaultMode, at.Child("defaultMode"))
		c.keyPaths(s.ConfigMap.Items, at.Child("items"))
	}
	if s.Secret != nil {
		at := path.Child("secret")
		c.require(s.Secret.SecretName != "", at.Child("secretName"), "")
		c.mode(s.Secret.DefaultMode, at.Child("defaultMode"))
		c.keyPaths(s.Secret.Items, at.Child("items"))
	}
	if s.PersistentVolumeClaim != nil {
		c.require(s.PersistentVolumeClaim.ClaimName != "", path.Child("persistentVolumeClaim", "claimName"), "")
	}
	if s.DownwardAPI != nil {
		c.mode(s.DownwardAPI.DefaultMode, path.Child("downwardAPI", "defaultMode"))
		c.downward(s.DownwardAPI.Items, path.Child("downwardAPI", "items"))
	}
	if s.Projected != nil {
		c.projected(s.Projected, path.Child("projected"))
	}
	if s.CSI != nil {
		c.messages(path.Child("csi", "driver"), s.CSI.Driver, driverName(s.CSI.Driver))
	}
	if s.NFS != nil {
		c.nfs(s.NFS, path.Child("nfs"))
	}
	if s.Ephemeral != nil && c.require(s.Ephemeral.VolumeClaimTemplate != nil, path.Child("ephemeral", "volumeClaimTemplate"), "") {
		c.claimSpec(&s.Ephemeral.VolumeClaimTemplate.Spec, path.Child("ephemeral", "volumeClaimTemplate", "spec"))
	}
}

func (c *checker) nfs(s *corev1.NFSVolumeSource, path *field.Path) {
	c.require(s.Server != "", path.Child("server"), "")
	if c.require(s.Path != "", path.Child("path"), "") && !strings.HasPrefix(s.Path, "/") {
		c.add(field.Invalid(path.Child("path"), s.Path, "must be an absolute path"))
	}
}

func (c *checker) hostPath(s *corev1.HostPathVolumeSource, path *field.Path) {
	if c.require(s.Path != "", path.Child("path"), "") {
		c.noBacksteps(s.Path, path.Child("path"))
	}
	if s.Type != nil {
		oneOf(c, *s.Type, path.Child("type"), corev1.HostPathDirectoryOrCreate, corev1.HostPathDirectory, corev1.HostPathFileOrCreate,
			corev1.HostPathFile, corev1.HostPathSocket, corev1.HostPathCharDev, corev1.HostPathBlockDev)
	}
}

func (c *checker) mode(m *int32, path *field.Path) {
	if m != nil && (*m < 0 || *m > 0o777) {
		c.add(field.Invalid(path, *m, "must be from 0 to 0777 (octal) or 511 (decimal)"))
	}
}

func (c *checker) keyPaths(items []corev1.KeyToPath, path *field.Path) {
	for i, item := range items {
		at := path.Index(i)
		c.require(item.Key != "", at.Child("key"), "")
		c.filePath(item.Path, at.Child("path"))
		c.mode(item.Mode, at.Child("mode"))
	}
}

// filePath checks the path of a file in a volume (apis/core/validation ValidateLocalNonReservedPath).
func (c *checker) filePath(p string, at *field.Path) {
	if c.require(p != "", at, "") {
		c.inside(p, at)
		if strings.HasPrefix(p, "..") && !strings.HasPrefix(p, "../") {
			c.add(field.Invalid(at, p, `must not start with ".."`))
		}
	}
}

func (c *checker) downward(items []corev1.DownwardAPIVolumeFile, path *field.Path) {
	for i, item := range items {
		at := path.Index(i)
		c.filePath(item.Path, at.Child("path"))
		c.mode(item.Mode, at.Child("mode"))
		c.oneMember(&struct {
			FieldRef         *corev1.ObjectFieldSelector   `json:"fieldRef"`
			ResourceFieldRef *corev1.ResourceFieldSelector `json:"resourceFieldRef"`
		}{item.FieldRef, item.ResourceFieldRef}, at)
		if item.FieldRef != nil {
			c.fieldRef(item.FieldRef, volumeFields, at.Child("fieldRef"))
		}
		if item.ResourceFieldRef != nil {
			c.require(item.ResourceFieldRef.ContainerName != "", at.Child("resourceFieldRef", "containerName"), "")
			c.resourceFieldRef(item.ResourceFieldRef, at.Child("resourceFieldRef"))
		}
	}
}

func (c *checker) projected(s *corev1.ProjectedVolumeSource, path *field.Path) {
	c.mode(s.DefaultMode, path.Child("defaultMode"))
	c.projectedPaths(s, path)
	for i := range s.Sources {
		source := &s.Sources[i]
		at := path.Child("sources").Index(i)
		if set := members(source); len(set) > 1 {
			c.add(field.Forbidden(at.Child(set[1]), "keep one source only"))
		}
		if source.ConfigMap != nil {
			c.require(source.ConfigMap.Name != "", at.Child("configMap", "name"), "")
			c.keyPaths(source.ConfigMap.Items, at.Child("configMap", "items"))
		}
		if source.Secret != nil {
			c.require(source.Secret.Name != "", at.Child("secret", "name"), "")
			c.keyPaths(source.Secret.Items, at.Child("secret", "items"))
		}
		if source.DownwardAPI != nil {
			c.downward(source.DownwardAPI.Items, at.Child("downwardAPI", "items"))
		}
		if token := source.ServiceAccountToken; token != nil {
			c.require(token.Path != "", at.Child("serviceAccountToken", "path"), "")
			if token.ExpirationSeconds != nil {
				c.between(*token.ExpirationSeconds, 600, 1<<32, at.Child("serviceAccountToken", "expirationSeconds"))
			}
		}
	}
}

// claimSpec checks a claim for a volume (apis/core/validation ValidatePersistentVolumeClaimSpec).
func (c *checker) claimSpec(s *corev1.PersistentVolumeClaimSpec, path *field.Path) {
	c.accessModes(s.AccessModes, path.Child("accessModes"))
	c.selector(s.Selector, path.Child("selector"))
	storage, given := s.Resources.Requests[corev1.ResourceStorage]
	at := path.Child("resources", "requests").Key("storage")
	if c.require(given, at, "") && storage.Sign() <= 0 {
		c.add(field.Invalid(at, storage.String(), "must be greater than 0"))
	}
	if class := value(s.StorageClassName); class != "" {
		c.messages(path.Child("storageClassName"), class, validation.NameIsDNSSubdomain(class, false))
	}
	if class := value(s.VolumeAttributesClassName); class != "" {
		c.messages(path.Child("volumeAttributesClassName"), class, validation.NameIsDNSSubdomain(class, false))
	}
	if a, b := s.DataSource, s.DataSourceRef; a != nil && b != nil && b.Namespace == nil && (a.Kind != b.Kind || a.Name != b.Name || value(a.APIGroup) != value(b.APIGroup)) {
		c.add(field.Invalid(path.Child("dataSource"), a.Kind+" "+a.Name, "must be dataSourceRef, "+b.Kind+" "+b.Name))
	}
	c.volumeMode(s.VolumeMode, path.Child("volumeMode"))
}

func (c *checker) accessModes(modes []corev1.PersistentVolumeAccessMode, path *field.Path) {
	c.require(len(modes) > 0, path, "give at least one access mode")
	pod := false
	for i, mode := range modes {
		oneOfRequired(c, mode, path.Index(i), corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod)
		pod = pod || mode == corev1.ReadWriteOncePod
	}
	if pod && len(modes) > 1 {
		c.add(field.Forbidden(path, "remove the others: ReadWriteOncePod stands alone"))
	}
}

func (c *checker) volumeMode(m *corev1.PersistentVolumeMode, path *field.Path) {
	if m != nil {
		oneOfRequired(c, *m, path, corev1.PersistentVolumeBlock, corev1.PersistentVolumeFilesystem)
	}
}
