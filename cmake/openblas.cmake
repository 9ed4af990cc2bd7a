# Defines the target heed::openblas. Used by heed's own build and by the installed heedConfig.cmake.
# OpenBLAS's own config files name a library but no target, and differ between distributions.
if(NOT TARGET heed::openblas)
  find_path(HEED_CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas)
  find_library(HEED_OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas)
  mark_as_advanced(HEED_CBLAS_INCLUDE_DIR HEED_OPENBLAS_LIBRARY)
  if(NOT HEED_CBLAS_INCLUDE_DIR OR NOT HEED_OPENBLAS_LIBRARY)
    message(FATAL_ERROR "heed: OpenBLAS with cblas.h was not found (Debian: libopenblas-dev)")
  endif()
  add_library(heed::openblas UNKNOWN IMPORTED)
  set_target_properties(heed::openblas PROPERTIES
    IMPORTED_LOCATION ${HEED_OPENBLAS_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${HEED_CBLAS_INCLUDE_DIR})
endif()
