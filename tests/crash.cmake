# Cut power, kills, failing memory and flipped bits, against the real store.
if(TARGET folkmoot_replica)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/crash/*.cpp)
    list(FILTER sources EXCLUDE REGEX shim)
    # What fsck says of a store is part of what is tested.
    list(APPEND sources ${PROJECT_SOURCE_DIR}/tools/moot/fsck.cpp ${PROJECT_SOURCE_DIR}/tools/moot/repair.cpp
        ${PROJECT_SOURCE_DIR}/tools/moot/ballast.cpp)
    add_executable(test_crash ${sources})
    target_include_directories(test_crash PRIVATE ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(test_crash PRIVATE folkmoot_test_support folkmoot_replica PkgConfig::sqlite)
    add_test(NAME crash COMMAND test_crash)
    set_tests_properties(crash PROPERTIES TIMEOUT 900)
    # In front of the C library under the built program; no sanitizer of its own.
    add_library(moot_shim SHARED ${CMAKE_CURRENT_SOURCE_DIR}/crash/shim.cpp)
    target_compile_options(moot_shim PRIVATE -Wall -Wextra)
    target_link_libraries(moot_shim PRIVATE ${CMAKE_DL_LIBS})
endif()
