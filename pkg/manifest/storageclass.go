package manifest

// DefaultClassAnnotation makes a StorageClass the default one.
const DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class"

// IsDefaultClass reports whether a StorageClass is marked as the default one, in the form of today or in that before 1.6, which API
// servers still honour.
func IsDefaultClass(class *Object) bool {
	for _, key := range []string{DefaultClassAnnotation, "storageclass.beta.kubernetes.io/is-default-class"} {
		if class.GetAnnotations()[key] == "true" {
			return true
		}
	}
	return false
}
