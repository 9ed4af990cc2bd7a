# cmake --install: library, headers, program, and the files for find_package and pkg-config.
include(CMakePackageConfigHelpers)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/heed)
install(TARGETS heed EXPORT heedTargets
        RUNTIME COMPONENT Runtime
        LIBRARY COMPONENT Runtime NAMELINK_COMPONENT Development
        ARCHIVE COMPONENT Development)
install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${config_dir} COMPONENT Development)
install(DIRECTORY ${HEED_LAYERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed
        COMPONENT Development FILES_MATCHING PATTERN "*.h")
list(TRANSFORM HEED_LAYERS REPLACE "(.+)" "${HEED_INCLUDE_DIR}/heed/\\1.h"
     OUTPUT_VARIABLE umbrellas)
install(FILES ${umbrellas} ${HEED_INCLUDE_DIR}/heed/heed.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed COMPONENT Development)

configure_package_config_file(cmake/heedConfig.cmake.in heedConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(heedConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/heedConfig.cmake ${PROJECT_BINARY_DIR}/heedConfigVersion.cmake
              cmake/openblas.cmake
        DESTINATION ${config_dir} COMPONENT Development)
file(RELATIVE_PATH HEED_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/heed.pc.in heed.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/heed.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT Development)
