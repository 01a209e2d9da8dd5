# Tests beside the unit tests: properties, vectors, and the checks of the tree itself.

# tests/property/LAYER_*.cpp becomes one program with rapidcheck, linked to that layer.
find_package(rapidcheck QUIET)
if(rapidcheck_FOUND)
    foreach(layer base crypto encoding operation graph access sync store replica net)
        file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/property/${layer}_*.cpp)
        if(sources AND TARGET folkmoot_${layer})
            add_executable(test_property_${layer} ${sources})
            target_link_libraries(test_property_${layer} PRIVATE folkmoot_test_support rapidcheck folkmoot_${layer})
            add_test(NAME property_${layer} COMMAND test_property_${layer})
            set_tests_properties(property_${layer} PROPERTIES TIMEOUT 600)
        endif()
    endforeach()
    if(TARGET test_property_replica)  # it has fsck judge what replicas stored
        target_sources(test_property_replica PRIVATE ${PROJECT_SOURCE_DIR}/tools/moot/fsck.cpp)
        target_include_directories(test_property_replica PRIVATE ${PROJECT_SOURCE_DIR}/tools)
    endif()
    foreach(layer encoding operation)  # fast ones
        if(TEST property_${layer})
            set_tests_properties(property_${layer} PROPERTIES ENVIRONMENT "RC_PARAMS=max_success=2000")
        endif()
    endforeach()
endif()

# tests/vectors/LAYER_*.cpp reads protocol-spec/vectors/ and is linked to that layer.
find_package(nlohmann_json QUIET)
if(nlohmann_json_FOUND)
    foreach(layer crypto encoding operation graph access sync store replica net)
        file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/vectors/${layer}_*.cpp)
        if(sources AND TARGET folkmoot_${layer})
            add_executable(test_vectors_${layer} ${sources})
            target_link_libraries(test_vectors_${layer} PRIVATE
                folkmoot_test_support nlohmann_json::nlohmann_json folkmoot_${layer})
            add_test(NAME vectors_${layer} COMMAND test_vectors_${layer})
            set_tests_properties(vectors_${layer} PROPERTIES TIMEOUT 600)
        endif()
    endforeach()
endif()

add_test(NAME layering_self_test COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/layering.py --self-test)
add_test(NAME spec_check COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/spec_check.py ${PROJECT_SOURCE_DIR})
add_test(NAME limits_check COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/limits_check.py ${PROJECT_SOURCE_DIR})
