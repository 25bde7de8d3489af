# Read by the simulator's own CMakeLists.txt right after project() (CMAKE_PROJECT_INCLUDE).
add_compile_definitions(MO_CUSTOM_RNG)
list(APPEND MO_SIM_MG_SRC "${CMAKE_CURRENT_LIST_DIR}/random.cpp")
